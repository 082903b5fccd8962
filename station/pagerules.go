package station

// PageRules are what a profile says of the printed page.
type PageRules struct {
	// PrintCAN has the chip's card access number printed on the page (ICAO Doc 9303-4, 4.1, optional).
	PrintCAN bool `toml:"print_can" cbor:"80,keyasint,omitempty" json:"printCan,omitempty"`
	// PageLayout is the layout of the data page as printing.ParseLayout reads it, signed with the rest of
	// the profile. Utopia's is built in.
	PageLayout string `toml:"page_layout" cbor:"81,keyasint,omitempty" json:"pageLayout,omitempty"`
}
