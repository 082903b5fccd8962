package escl_test

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
)

// held answers with one page that it already has, so that nothing but the driver takes memory.
type held struct{ page []byte }

func (h *held) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch {
	case strings.HasSuffix(r.URL.Path, "ScannerCapabilities"):
		fmt.Fprint(w, `<scan:ScannerCapabilities xmlns:scan="http://schemas.hp.com/imaging/escl/2011/05/03">`+
			`<scan:Platen><scan:PlatenInputCaps><scan:MaxWidth>2550</scan:MaxWidth><scan:MaxHeight>3507</scan:MaxHeight>`+
			`<scan:SettingProfiles><scan:SettingProfile><scan:DocumentFormats><scan:DocumentFormatExt>image/jpeg`+
			`</scan:DocumentFormatExt></scan:DocumentFormats></scan:SettingProfile></scan:SettingProfiles>`+
			`</scan:PlatenInputCaps></scan:Platen></scan:ScannerCapabilities>`)
	case strings.HasSuffix(r.URL.Path, "ScanJobs"):
		w.Header().Set("Location", "/eSCL/ScanJobs/1")
		w.WriteHeader(http.StatusCreated)
	case strings.HasSuffix(r.URL.Path, "NextDocument"):
		w.Header().Set("Content-Length", strconv.Itoa(len(h.page)))
		_, _ = w.Write(h.page)
	}
}
