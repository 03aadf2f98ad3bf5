package opamfile

// Kind tells the forms of a value apart.
type Kind int

// The kinds of values, with the fields of Value that each uses.
const (
	String      Kind = iota // Text: the content, escapes resolved, %{...}% as it is
	Int                     // Text: in decimal, without `_`
	Bool                    // Text: true or false
	Ident                   // Text: a variable, with its package: foo+bar:installed
	List                    // [Args]
	Group                   // (Args)
	Option                  // Args[0] {Filter}
	Relop                   // Args[0] Text Args[1]; `~` is read as >=
	PrefixRelop             // Text Args[0]: a version constraint
	Logop                   // Args joined by Text, & or |: two or more
	Pfxop                   // Text Args[0]: ! or ?
	EnvUpdate               // Args[0] Text Args[1]: an environment update, += =+ =+= := =:
)

// Value is a value of a field, or a part of one.
type Value struct {
	Kind   Kind
	Text   string
	Args   []Value
	Filter []Value
	Line   int // of the first byte, counted from 1
	Start  int // byte offset of the first byte
	End    int // byte offset after the last byte
}
