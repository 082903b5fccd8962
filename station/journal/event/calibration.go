package event

// Kinds of entries about devices. A calibration and the acceptance of another device are proposed by a
// technician and in force with the witness's entry. The subject is the kind of the device and its
// serial, "printer/V0001".
const (
	ServiceOpened      = "service.opened"
	ServiceClosed      = "service.closed"
	CalibrationBegun   = "device.calibration-proposed"
	DeviceCalibrated   = "device.calibrated"
	AcceptanceProposed = "device.acceptance-proposed"
	DeviceAccepted     = "device.accepted"
	FirmwareChanged    = "device.firmware-changed" // by the station itself: an alarm
)

// Calibrated is the body of CalibrationBegun and DeviceCalibrated: which device, whether it may be used,
// and the figures that matter, as whole numbers. The whole record stays in the store; Record is its
// SHA-256. Proposed is the identity of the entry that a witness confirms.
type Calibrated struct {
	Model    string `cbor:"1,keyasint"`
	Serial   string `cbor:"2,keyasint"`
	Firmware string `cbor:"3,keyasint"`
	OK       bool   `cbor:"4,keyasint"`
	Cause    string `cbor:"5,keyasint,omitempty"` // a word, where OK is false
	OffsetX  int    `cbor:"6,keyasint"`           // micrometres, of the page's centre
	OffsetY  int    `cbor:"7,keyasint"`
	Turn     int    `cbor:"8,keyasint"` // thousandths of a degree
	ScaleX   int    `cbor:"9,keyasint"` // millionths away from 1
	ScaleY   int    `cbor:"10,keyasint"`
	Rest     int    `cbor:"11,keyasint"` // micrometres that the correction leaves
	Record   []byte `cbor:"12,keyasint"`
	Proposed []byte `cbor:"13,keyasint,omitempty"`
}

// Accepted is the body of AcceptanceProposed and DeviceAccepted: which device stands in the place of
// which, and why.
type Accepted struct {
	Model    string `cbor:"1,keyasint"`
	Serial   string `cbor:"2,keyasint"`
	Firmware string `cbor:"3,keyasint"`
	Instead  string `cbor:"4,keyasint,omitempty"` // serial of the device before
	Note     string `cbor:"5,keyasint"`           // never names a person
	Proposed []byte `cbor:"6,keyasint,omitempty"`
}

// Firmware is the body of FirmwareChanged.
type Firmware struct {
	Before string `cbor:"1,keyasint"`
	Now    string `cbor:"2,keyasint"`
}
