package station

// ChipFile is one elementary file of the order's chip: the standard's name and the whole file.
type ChipFile struct {
	Name string `cbor:"1,keyasint" json:"name"`
	Data []byte `cbor:"2,keyasint" json:"-"`
}

// ChipSecrets are what a chip keeps to itself: they exist in the sealed order and in the chip.
type ChipSecrets struct {
	CAN         string `cbor:"1,keyasint" json:"can"`
	ParameterID int    `cbor:"2,keyasint" json:"parameterId"` // of the chip authentication key
	Private     []byte `cbor:"3,keyasint" json:"private"`
	Enc         []byte `cbor:"4,keyasint" json:"enc"` // SCP03 keys of this very chip
	Mac         []byte `cbor:"5,keyasint" json:"mac"`
	Dek         []byte `cbor:"6,keyasint" json:"dek"`
}

// Order is headquarters' production order: everything that goes onto the page and into the chip of
// one blank. It is personal and secret, travels sealed to the station, and is destroyed when the
// case closes.
type Order struct {
	Case      CaseToken   `cbor:"1,keyasint" json:"case"`
	Serial    Serial      `cbor:"2,keyasint" json:"serial"`
	ChipID    []byte      `cbor:"3,keyasint" json:"chipId"`
	Profile   int         `cbor:"4,keyasint" json:"profile"` // version of the profile it was made under
	Applicant Applicant   `cbor:"5,keyasint" json:"applicant"`
	Issue     Date        `cbor:"6,keyasint" json:"issue"`
	Expiry    Date        `cbor:"7,keyasint" json:"expiry"`
	MRZ       [2]string   `cbor:"8,keyasint" json:"mrz"`
	MRZHash   []byte      `cbor:"9,keyasint" json:"mrzHash"` // SHA-1 over the MRZ information
	Portrait  []byte      `cbor:"10,keyasint" json:"-"`
	Files     []ChipFile  `cbor:"11,keyasint" json:"files"`
	Secrets   ChipSecrets `cbor:"12,keyasint" json:"secrets"`
	Proxies   []Proxy     `cbor:"60,keyasint,omitempty" json:"proxies,omitempty"` // who may collect the book
}

// File returns the named file, or nil.
func (o Order) File(name string) []byte {
	for _, f := range o.Files {
		if f.Name == name {
			return f.Data
		}
	}
	return nil
}

// Decision is what an approving officer binds themselves to, sealed to the vault: the blank, the
// dates, and the hashes of the data groups that the approved application gives. Headquarters
// recomputes them and signs only if they agree.
type Decision struct {
	Case    CaseToken         `cbor:"1,keyasint"`
	Serial  Serial            `cbor:"2,keyasint"`
	Issue   Date              `cbor:"3,keyasint"`
	Expiry  Date              `cbor:"4,keyasint"`
	Hashes  map[string][]byte `cbor:"5,keyasint"` // SHA-256 over DG1 and DG2, by name
	Reason  string            `cbor:"6,keyasint"`
	Instead Serial            `cbor:"7,keyasint,omitempty"`  // the spoiled blank that this one replaces
	Checked []Item            `cbor:"60,keyasint,omitempty"` // what the approver ticked
	Marks   []Remark          `cbor:"61,keyasint,omitempty"` // of a return from another office
}

// WholeApplication names, among a decision's hashes, that over the encoded application: of an approver at
// another office, who binds no blank.
const WholeApplication = "application"
