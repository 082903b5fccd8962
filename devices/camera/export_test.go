package camera

// What tests of one picture need of the package.
var (
	MotionJPEG = motionJPEG
	YUYV       = yuyv
)
