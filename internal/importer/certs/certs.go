// Package certs reads files of X.509 certificates: PEM with any number of blocks
// and any text around them, and DER, one or several. The DER itself is kept in
// the store beside what was read from it.
//
// A block that is no certificate is refused by its header alone: a private key
// that someone left in a chain file never reaches the ledger.
package certs

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"io"
	"strings"

	"github.com/spoor-cti/spoor/internal/fault"
	"github.com/spoor-cti/spoor/internal/importer"
	"github.com/spoor-cti/spoor/internal/obs"
	x509 "github.com/spoor-cti/spoor/internal/wire/cert"
)

// Format is the importer's entry.
var Format = &importer.Format{
	Name: "certs", Version: 1, About: "X.509 certificates: PEM (one or many, with text around them) or DER", Source: "certificates",
	Detect: detect, Decode: decode,
}

// maxCert bounds one certificate in octets of DER. The largest in public logs
// are below 100 kB; a million names need 30 MB.
const maxCert = 16 << 20

var (
	begin = []byte("-----BEGIN ")
	end   = []byte("-----END ")
)

func detect(h importer.Head) importer.Confidence {
	for line := range bytes.Lines(h.Data) {
		if isCertificate(label(line)) {
			return importer.Certain
		}
	}
	n, ok := x509.Size(h.Data)
	if !ok || n < 100 {
		return importer.No
	}
	if h.Whole && n > len(h.Data) {
		return importer.Likely // a cut one, perhaps
	}
	return importer.Certain
}

// label returns what a PEM block says that it is, or "".
func label(line []byte) string {
	rest, ok := bytes.CutPrefix(bytes.TrimSpace(line), begin)
	if !ok {
		return ""
	}
	name, ok := bytes.CutSuffix(rest, []byte("-----"))
	if !ok {
		return ""
	}
	return string(name)
}

func isCertificate(label string) bool {
	return label == "CERTIFICATE" || label == "X509 CERTIFICATE" || label == "TRUSTED CERTIFICATE"
}

type decoder struct {
	declared *obs.Origin
	out      importer.Sink
	rows     []obs.Observation
}

func decode(ctx context.Context, in *importer.Input, out importer.Sink) error {
	d := &decoder{declared: in.Origin(obs.Declared), out: out}
	var first [2]byte
	n, err := io.ReadFull(in, first[:])
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, io.EOF) {
		return importer.ReadError(err, "its beginning")
	}
	whole := io.MultiReader(bytes.NewReader(first[:n]), in)
	if n == 2 && first[0] == 0x30 && first[1] >= 0x80 { // "0" followed by what is no text
		return d.der(ctx, whole)
	}
	return d.pem(ctx, whole)
}

// der reads certificates one behind the other.
func (d *decoder) der(ctx context.Context, r io.Reader) error {
	var offset int64
	for ctx.Err() == nil {
		head := make([]byte, 32)
		n, err := io.ReadFull(r, head)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
			return importer.ReadError(err, "a certificate")
		}
		head = head[:n]
		size, ok := x509.Size(head)
		if !ok || size > maxCert {
			return d.out.Record(importer.Record{
				Offset: offset, Raw: head,
				Err: fault.New(fault.Invalid, "no certificate begins here, or one over %d octets; nothing after it is read", maxCert),
			})
		}
		body, err := io.ReadAll(io.LimitReader(r, int64(max(size-n, 0)))) // grows with what is there, not with what is claimed
		if err != nil {
			return importer.ReadError(err, "a certificate")
		}
		der := append(head, body...)
		if size < n {
			return d.out.Record(importer.Record{Offset: offset, Raw: der, Err: fault.New(fault.Invalid, "the certificate is too short to be one")})
		}
		if err := d.record(importer.Record{Offset: offset, Raw: der}, der); err != nil {
			return err
		}
		if len(der) < size {
			d.out.Incomplete("the last certificate is cut")
			return nil
		}
		offset += int64(size)
	}
	return ctx.Err()
}

// block is a PEM block while it is read.
type block struct {
	label  string
	line   int64
	offset int64
	raw    []byte // the lines of it, where they may be kept
	body   []byte // base64 without blanks
	long   bool
}

func (d *decoder) pem(ctx context.Context, r io.Reader) error {
	lines := importer.NewLines(r)
	var b *block
	for ctx.Err() == nil {
		l, err := lines.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return importer.ReadError(err, "a line")
		}
		name := label(l.Data)
		switch {
		case name != "":
			if b != nil {
				if err := d.block(b, "a block begins before the one before it ended"); err != nil {
					return err
				}
			}
			b = &block{label: name, line: l.Number, offset: l.Offset}
			b.keep(l.Data)
		case b == nil: // text around the blocks
		case bytes.HasPrefix(bytes.TrimSpace(l.Data), end):
			b.keep(l.Data)
			if err := d.block(b, ""); err != nil {
				return err
			}
			b = nil
		default:
			b.add(l)
		}
	}
	if b != nil {
		d.out.Incomplete("the last block has no end")
		if err := d.block(b, "the block has no end"); err != nil {
			return err
		}
	}
	return ctx.Err()
}

// keep adds a line to what identifies the record.
func (b *block) keep(line []byte) { b.raw = append(append(b.raw, line...), '\n') }

func (b *block) add(l *importer.Line) {
	if !isCertificate(b.label) || b.long {
		return
	}
	if len(b.raw)+len(l.Data) > maxCert*4/3 || l.Long > 0 {
		b.long = true
		return
	}
	b.keep(l.Data)
	line := bytes.TrimSpace(l.Data)
	if !bytes.ContainsRune(line, ':') { // headers of old, as in encrypted files
		b.body = append(b.body, line...)
	}
}

func (d *decoder) block(b *block, broken string) error {
	rec := importer.Record{Offset: b.offset, Line: b.line, Raw: b.raw}
	switch {
	case !isCertificate(b.label):
		rec.Err = fault.New(fault.Invalid, "a block %q is no certificate; its content is not kept", b.label)
		return d.out.Record(rec)
	case broken != "":
		rec.Err = fault.New(fault.Invalid, "%s", broken)
		return d.out.Record(rec)
	case b.long:
		rec.Err = fault.New(fault.Invalid, "the certificate is longer than %d octets", maxCert)
		return d.out.Record(rec)
	}
	der, err := base64.StdEncoding.DecodeString(string(b.body))
	if err != nil {
		der, err = base64.RawStdEncoding.DecodeString(strings.TrimRight(string(b.body), "="))
	}
	if err != nil {
		rec.Err = fault.Wrap(err, fault.Invalid, "the block is no base64")
		return d.out.Record(rec)
	}
	if b.label == "TRUSTED CERTIFICATE" { // OpenSSL hangs its trust settings behind it
		if size, ok := x509.Size(der); ok && size <= len(der) {
			der = der[:size]
		}
	}
	return d.record(rec, der)
}
