package ledger

// durable is how many of size leaves would outlive this machine: as many as Options.Durable says, and
// none where nothing copies the ledger.
func (l *Ledger) durable(size int64) int64 {
	if l.o.Durable == nil {
		return 0
	}
	return min(max(l.o.Durable(), 0), size)
}
