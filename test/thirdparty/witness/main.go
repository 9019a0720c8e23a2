// Verifies a head of a ledger and the cosignatures under it with packages that know nothing of this project: Go's sumdb/note, and transparency-dev's formats,
// which know C2SP tlog-checkpoint, tlog-cosignature and tlog-policy.
//
//	cosigned <file with the note> <verifier key of the ledger> <file with the policy of witnesses>
//
// Prints size and root when the ledger has signed it, and as many witnesses as the policy wants.
package main

import (
	"encoding/base64"
	"errors"
	"fmt"
	"os"

	"github.com/transparency-dev/formats/log"
	"github.com/transparency-dev/formats/witness"
	"golang.org/x/mod/sumdb/note"
)

func run(args []string) error {
	if len(args) != 3 {
		return errors.New("usage: cosigned <note> <ledger's key> <policy>")
	}
	text, err := os.ReadFile(args[0])
	if err != nil {
		return err
	}
	ledger, err := note.NewVerifier(args[1])
	if err != nil {
		return err
	}
	checkpoint, _, _, err := log.ParseCheckpoint(text, ledger.Name(), ledger)
	if err != nil {
		return err
	}
	lines, err := os.ReadFile(args[2])
	if err != nil {
		return err
	}
	policy, err := witness.ParsePolicy(lines)
	if err != nil {
		return err
	}
	if !policy.Satisfied(text) {
		return errors.New("the head is not cosigned by enough witnesses")
	}
	fmt.Printf("ok %d %s\n", checkpoint.Size, base64.StdEncoding.EncodeToString(checkpoint.Hash))
	return nil
}

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
