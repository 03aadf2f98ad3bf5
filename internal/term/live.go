package term

import "os"

// Live tells whether the messages go to a terminal that wants progress: another
// program's progress may then pass through.
func (p *Printer) Live() bool {
	f, ok := p.w.(*os.File)
	if !ok || p.level < Normal || os.Getenv("TERM") == "dumb" {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}
