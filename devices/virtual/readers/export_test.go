package readers

// Forget leaves a pcscd with few readers behind, as a process does that is killed.
func (e *Exclusive) Forget() { e.few = false }
