package resources

import _ "embed"

// NotoSansRegular is Noto Sans Regular 2.015 (SIL Open Font License 1.1, text in
// fonts/NotoSans-OFL.txt). It covers Latin with Łacinka and the Cyrillic of Belarus; releases
// before 2.004 lose the dot of Cyrillic і (U+0456). Read only.
//
//go:embed fonts/NotoSans-Regular.ttf
var NotoSansRegular []byte

// NotoSansBold is Noto Sans Bold 2.015, under the same licence. Read only.
//
//go:embed fonts/NotoSans-Bold.ttf
var NotoSansBold []byte

// OCRB is OCR-B as released to the public domain by Matthew Skala (fonts/OCRB-LICENCE.txt). Its
// outlines are CFF. It prints the machine readable zone and is what the recogniser knows. Read
// only.
//
//go:embed fonts/OCRB.otf
var OCRB []byte
