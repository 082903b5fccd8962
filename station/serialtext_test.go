package station_test

import (
	"errors"
	"slices"
	"testing"

	"padarozhnik/station"
)

func TestParseSerials(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		want []station.Serial
		err  error
	}{
		"one a line":       {"UT0000001\nUT0000002\n", []station.Serial{"UT0000001", "UT0000002"}, nil},
		"commas, spaces":   {" ut0000001, UT0000003;UT0000005 ", []station.Serial{"UT0000001", "UT0000003", "UT0000005"}, nil},
		"a range":          {"UT0000001-UT0000003", []station.Serial{"UT0000001", "UT0000002", "UT0000003"}, nil},
		"a dash in spaces": {"UT0000001 – UT0000002", []station.Serial{"UT0000001", "UT0000002"}, nil},
		"twice stays":      {"UT0000001 UT0000001", []station.Serial{"UT0000001", "UT0000001"}, nil},
		"nothing":          {" \n", nil, nil},
		"no serial":        {"UT0000001 ???", nil, station.ErrMalformed},
		"backwards":        {"UT0000003-UT0000001", nil, station.ErrMalformed},
		"too many":         {"UT0000001-UT0002000 UT0003000", nil, station.ErrMalformed},
	} {
		got, err := station.ParseSerials(station.SerialFields(c.text))
		if !errors.Is(err, c.err) || !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, %v; want %v, %v", name, got, err, c.want, c.err)
		}
	}
}
