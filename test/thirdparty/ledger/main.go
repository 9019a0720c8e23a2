// Verifies a ledger with Go's own transparency-log packages, which know nothing of this project: the head's signature
// (sumdb/note), then every tile and every entry against the tree that the head signs (sumdb/tlog).
//
//	ledger <folder with the checkpoint and tile/> <file with the verifier key> [<size> <root in base64, seen before>]
package main

import (
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const height = 8

type tiles struct{ folder string }

func (t tiles) Height() int                     { return height }
func (t tiles) SaveTiles([]tlog.Tile, [][]byte) {}
func (t tiles) path(kind string, tile tlog.Tile) string {
	// tlog names tiles tile/8/<level>/...; tlog-tiles leaves the height out.
	_, rest, _ := strings.Cut(strings.TrimPrefix(tile.Path(), "tile/8/"), "/")
	return filepath.Join(t.folder, "tile", kind, rest)
}

func (t tiles) ReadTiles(wanted []tlog.Tile) ([][]byte, error) {
	data := make([][]byte, len(wanted))
	for i, tile := range wanted {
		bytes, err := os.ReadFile(t.path(strconv.Itoa(tile.L), tile))
		if err != nil {
			return nil, err
		}
		data[i] = bytes
	}
	return data, nil
}

type head struct {
	size int64
	root tlog.Hash
}

func readHead(folder, keyFile string) (head, error) {
	key, err := os.ReadFile(keyFile)
	if err != nil {
		return head{}, err
	}
	verifier, err := note.NewVerifier(strings.TrimSpace(string(key)))
	if err != nil {
		return head{}, err
	}
	text, err := os.ReadFile(filepath.Join(folder, "checkpoint"))
	if err != nil {
		return head{}, err
	}
	opened, err := note.Open(text, note.VerifierList(verifier))
	if err != nil {
		return head{}, err
	}
	lines := strings.Split(opened.Text, "\n")
	if len(lines) < 3 || lines[0] != verifier.Name() {
		return head{}, errors.New("the checkpoint is of another ledger")
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil {
		return head{}, err
	}
	root, err := base64.StdEncoding.DecodeString(lines[2])
	if err != nil || len(root) != tlog.HashSize {
		return head{}, errors.New("the checkpoint has no root")
	}
	return head{size, tlog.Hash(root)}, nil
}

func readBundle(data []byte) ([][]byte, error) {
	var entries [][]byte
	for len(data) > 0 {
		if len(data) < 2 {
			return nil, errors.New("an entry without a length")
		}
		length := int(binary.BigEndian.Uint16(data))
		if len(data) < 2+length {
			return nil, errors.New("an entry longer than its bundle")
		}
		entries = append(entries, data[2:2+length])
		data = data[2+length:]
	}
	return entries, nil
}

// checkEntries proves every entry to be under the head. TileHashReader checks each tile that it reads against the head first.
func checkEntries(t tiles, h head) error {
	reader := tlog.TileHashReader(tlog.Tree{N: h.size, Hash: h.root}, t)
	for first := int64(0); first < h.size; first += 1 << height {
		width := min(int(h.size-first), 1<<height)
		bundle, err := os.ReadFile(t.path("entries", tlog.Tile{H: height, L: 0, N: first >> height, W: width}))
		if err != nil {
			return err
		}
		entries, err := readBundle(bundle)
		if err != nil {
			return err
		}
		if len(entries) != width {
			return fmt.Errorf("bundle %d has %d entries, not %d", first>>height, len(entries), width)
		}
		indexes := make([]int64, width)
		for i := range indexes {
			indexes[i] = tlog.StoredHashIndex(0, first+int64(i))
		}
		hashes, err := reader.ReadHashes(indexes)
		if err != nil {
			return err
		}
		for i, entry := range entries {
			if tlog.RecordHash(entry) != hashes[i] {
				return fmt.Errorf("entry %d is not the one that the tree has", first+int64(i))
			}
			proof, err := tlog.ProveRecord(h.size, first+int64(i), reader)
			if err != nil {
				return err
			}
			if err := tlog.CheckRecord(proof, h.size, h.root, first+int64(i), hashes[i]); err != nil {
				return err
			}
		}
	}
	return nil
}

// checkSeen proves that the ledger only grew since an earlier head.
func checkSeen(t tiles, h head, size, root string) error {
	seen, err := strconv.ParseInt(size, 10, 64)
	if err != nil {
		return err
	}
	bytes, err := base64.StdEncoding.DecodeString(root)
	if err != nil || len(bytes) != tlog.HashSize {
		return errors.New("the earlier root is none")
	}
	proof, err := tlog.ProveTree(h.size, seen, tlog.TileHashReader(tlog.Tree{N: h.size, Hash: h.root}, t))
	if err != nil {
		return err
	}
	return tlog.CheckTree(proof, h.size, h.root, seen, tlog.Hash(bytes))
}

func run(args []string) error {
	if len(args) != 2 && len(args) != 4 {
		return errors.New("usage: ledger <folder> <verifier key file> [<size> <root>]")
	}
	t := tiles{args[0]}
	h, err := readHead(args[0], args[1])
	if err != nil {
		return err
	}
	if err := checkEntries(t, h); err != nil {
		return err
	}
	if len(args) == 4 {
		if err := checkSeen(t, h, args[2], args[3]); err != nil {
			return err
		}
	}
	fmt.Printf("ok %d %s\n", h.size, base64.StdEncoding.EncodeToString(h.root[:]))
	return nil
}

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
