package escl

// PictureOf cuts the JPEG out of a PDF.
var PictureOf = pictureOf
