// pgx: prints one line of JSON for every step. It prepares and caches what it runs, with binary results.
package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

var ctx = context.Background()

// modes are all the ways in which pgx can send a statement.
var modes = []pgx.QueryExecMode{
	pgx.QueryExecModeSimpleProtocol, pgx.QueryExecModeExec, pgx.QueryExecModeDescribeExec, pgx.QueryExecModeCacheDescribe,
	pgx.QueryExecModeCacheStatement,
}

type client struct{ *pgx.Conn }

func main() {
	c := connect(pgx.QueryExecModeCacheStatement)
	defer c.Close(ctx)
	if os.Getenv("CONFORMANCE_PART") == "all" {
		c.everything()
	}
	c.phi()
}

// connect reads libpq's environment variables.
func connect(mode pgx.QueryExecMode) client {
	config, err := pgx.ParseConfig("")
	must(err)
	config.DefaultQueryExecMode = mode
	config.OnNotice = func(_ *pgconn.PgConn, notice *pgconn.Notice) {
		heard = append(heard, []string{notice.Severity, notice.Code, notice.Message})
	}
	conn, err := pgx.ConnectConfig(ctx, config)
	must(err)
	return client{conn}
}

var heard [][]string

func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func sql(name string) string {
	text, err := os.ReadFile(filepath.Join(os.Getenv("CONFORMANCE_SQL"), name+".sql"))
	must(err)
	return strings.TrimSpace(string(text))
}

func step(name string, run func() (any, error)) {
	value, err := run()
	if err != nil {
		value = map[string]string{"failed": code(err)}
	}
	line, err := json.Marshal(map[string]any{"step": name, "value": plain(value)})
	must(err)
	fmt.Println(string(line))
}

func code(err error) string {
	var failed *pgconn.PgError
	if errors.As(err, &failed) {
		return failed.Code
	}
	return err.Error()
}

// plain makes JSON of what it does not know: not-a-number, bytes, dates without a time, and pgx's own types.
func plain(value any) any {
	switch v := value.(type) {
	case nil, bool, string:
		return v
	case []byte:
		return fmt.Sprintf("\\x%x", v)
	case [16]byte:
		return fmt.Sprintf("%x-%x-%x-%x-%x", v[0:4], v[4:6], v[6:8], v[8:10], v[10:16])
	case time.Time:
		if v.Equal(v.Truncate(24 * time.Hour)) {
			return v.UTC().Format("2006-01-02")
		}
		return v.UTC().Format(time.RFC3339Nano)
	case []any:
		list := []any{}
		for _, of := range v {
			list = append(list, plain(of))
		}
		return list
	case []map[string]any:
		list := []any{}
		for _, of := range v {
			list = append(list, plain(of))
		}
		return list
	case map[string]any:
		row := map[string]any{}
		for key, of := range v {
			row[key] = plain(of)
		}
		return row
	case map[string]string, []string, [][]string:
		return v
	}
	return fmt.Sprintf("%v", value)
}

func (c client) rows(query string, args ...any) (any, error) {
	result, err := c.Query(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(result, pgx.RowToMap)
}

func (c client) exec(query string, args ...any) (any, error) {
	tag, err := c.Exec(ctx, query, args...)
	return tag.String(), err
}

func (c client) codeOf(query string) string {
	tag, err := c.Exec(ctx, query)
	if err != nil {
		return code(err)
	}
	return tag.String()
}

func digest(data []byte) string {
	return fmt.Sprintf("%d %x", len(data), sha256.Sum256(data))
}

func (c client) everything() {
	step("setup", func() (any, error) {
		for _, statement := range strings.Split(sql("setup"), ";\n") {
			if _, err := c.exec(statement, pgx.QueryExecModeSimpleProtocol); err != nil {
				return nil, err
			}
		}
		return nil, nil
	})
	for _, mode := range modes {
		step("types "+mode.String(), func() (any, error) { return c.rows(sql("types"), mode) })
		step("parameters "+mode.String(), func() (any, error) {
			return c.rows("SELECT id, name, price, made, tags, data, raw FROM scratch.items WHERE id = $1 AND name = $2", mode, 7, "item 7")
		})
	}
	step("prepared", func() (any, error) {
		statement, err := c.Prepare(ctx, "by id", "SELECT id, name AS n, price * 2 AS p FROM scratch.items WHERE id = $1")
		if err != nil {
			return nil, err
		}
		fields := []any{}
		for _, field := range statement.Fields {
			fields = append(fields, []any{field.Name, field.DataTypeOID, field.TableAttributeNumber})
		}
		found := []any{fields, fmt.Sprint(statement.ParamOIDs)}
		for id := 1; id <= 5; id++ {
			row, err := c.rows("by id", id)
			if err != nil {
				return nil, err
			}
			found = append(found, row)
		}
		return found, c.Deallocate(ctx, "by id")
	})
	step("batch", c.batch)
	step("batch with an error", func() (any, error) {
		batch := &pgx.Batch{}
		for _, by := range []int{5, 0, 2} {
			batch.Queue("SELECT 10 / $1::int AS part", by)
		}
		results := c.SendBatch(ctx, batch)
		codes := []any{}
		for range 3 {
			_, err := results.Exec()
			if err != nil {
				codes = append(codes, code(err))
			} else {
				codes = append(codes, "fine")
			}
		}
		results.Close()
		after, err := c.rows("SELECT 1 AS one")
		return append(codes, after), err
	})
	step("pipeline", c.pipeline)
	step("transactions", c.transactions)
	for _, line := range strings.Split(sql("errors"), "\n") {
		name, statement, _ := strings.Cut(line, ": ")
		step("error: "+name, func() (any, error) { return c.exec(statement, pgx.QueryExecModeSimpleProtocol) })
		step("error in extended: "+name, func() (any, error) { return c.exec(statement) })
	}
	step("transaction after an error", func() (any, error) {
		seen := []any{}
		for _, statement := range []string{"BEGIN", "SELECT 1/0", "SELECT 1", "COMMIT", "SELECT 1"} {
			seen = append(seen, c.codeOf(statement), string(c.PgConn().TxStatus()))
		}
		return seen, nil
	})
	step("copy in", func() (any, error) {
		tx, err := c.Begin(ctx)
		if err != nil {
			return nil, err
		}
		defer tx.Rollback(ctx)
		source := pgx.CopyFromSlice(3000, func(i int) ([]any, error) {
			return []any{5000 + i, fmt.Sprintf("copied %d", i), []byte{0, 255}}, nil
		})
		count, err := tx.CopyFrom(ctx, pgx.Identifier{"scratch", "items"}, []string{"id", "name", "raw"}, source)
		if err != nil {
			return nil, err
		}
		found, err := c.rows("SELECT count(*) AS n, min(name) AS least FROM scratch.items WHERE id >= 5000")
		return []any{count, found}, err
	})
	for _, format := range []string{"text", "csv", "binary"} {
		step("copy out as "+format, func() (any, error) {
			data, err := c.copied("COPY scratch.items TO STDOUT (FORMAT " + format + ")")
			return digest(data), err
		})
	}
	step("large values", func() (any, error) {
		var value string
		var data []byte
		text := strings.Repeat("0123456789abcdef☃", 200_000)
		err := c.QueryRow(ctx, "SELECT $1::text, $2::bytea", text, make([]byte, 1_000_000)).Scan(&value, &data)
		return []any{digest([]byte(value)), digest(data)}, err
	})
	step("many rows", func() (any, error) {
		rows, err := c.rows("SELECT i, repeat('x', 20) AS x FROM generate_series(1, 50000) AS i")
		return digest([]byte(fmt.Sprint(rows))), err
	})
	step("notices", func() (any, error) {
		heard = nil
		_, err := c.exec("DROP TABLE IF EXISTS scratch.never_was")
		return heard, err
	})
	step("notify", func() (any, error) {
		if _, err := c.exec("LISTEN conformance_pgx"); err != nil {
			return nil, err
		}
		if _, err := c.exec("NOTIFY conformance_pgx, 'hello'"); err != nil {
			return nil, err
		}
		limited, stop := context.WithTimeout(ctx, 10*time.Second)
		defer stop()
		notification, err := c.WaitForNotification(limited)
		if err != nil {
			return nil, err
		}
		return []any{notification.Channel, notification.Payload}, nil
	})
	step("cancel", func() (any, error) {
		busy := connect(pgx.QueryExecModeExec)
		defer busy.Close(ctx)
		time.AfterFunc(300*time.Millisecond, func() { _ = busy.PgConn().CancelRequest(ctx) })
		failed := busy.codeOf("SELECT count(*) FROM generate_series(1, 100000000000)")
		after, err := busy.rows("SELECT 'usable' AS state")
		return []any{failed, after}, err
	})
	step("teardown", func() (any, error) { return c.exec(sql("teardown")) })
}

func (c client) batch() (any, error) {
	batch := &pgx.Batch{}
	for i := range 100 {
		batch.Queue("SELECT $1::int * 2 AS twice", i)
	}
	batch.Queue("SELECT count(*) FROM scratch.items")
	results := c.SendBatch(ctx, batch)
	defer results.Close()
	found := []any{}
	for range 101 {
		var value int
		if err := results.QueryRow().Scan(&value); err != nil {
			return nil, err
		}
		found = append(found, value)
	}
	return found, nil
}

// pipeline sends several synchronized groups at once, the second of which fails.
func (c client) pipeline() (any, error) {
	pipeline := c.PgConn().StartPipeline(ctx)
	for _, query := range []string{"SELECT 1 AS a", "SELECT 1/0", "SELECT 3 AS c"} {
		pipeline.SendQueryParams(query, nil, nil, nil, nil)
		pipeline.SendQueryParams("SELECT 'next' AS n", nil, nil, nil, nil)
		if err := pipeline.Sync(); err != nil {
			return nil, err
		}
	}
	seen := []any{}
	for range 12 {
		result, err := pipeline.GetResults()
		switch r := result.(type) {
		case *pgconn.ResultReader:
			read := r.Read()
			if read.Err != nil {
				seen = append(seen, code(read.Err))
			} else {
				seen = append(seen, string(read.Rows[0][0]))
			}
		case *pgconn.PipelineSync:
			seen = append(seen, "sync")
		case nil:
			if err != nil {
				seen = append(seen, code(err))
			}
		}
	}
	return seen, pipeline.Close()
}

func (c client) transactions() (any, error) {
	seen := []any{}
	tx, err := c.BeginTx(ctx, pgx.TxOptions{IsoLevel: pgx.Serializable})
	if err != nil {
		return nil, err
	}
	count := func() {
		var n int
		err = errors.Join(err, c.QueryRow(ctx, "SELECT count(*) FROM scratch.items").Scan(&n))
		seen = append(seen, n)
	}
	seen = append(seen, c.codeOf("DELETE FROM scratch.items WHERE id > 900"))
	inner, err := tx.Begin(ctx)
	if err != nil {
		return nil, err
	}
	seen = append(seen, c.codeOf("DELETE FROM scratch.items WHERE id > 1"), c.codeOf("SELECT 1/0"))
	err = inner.Rollback(ctx)
	count()
	err = errors.Join(err, tx.Rollback(ctx))
	count()
	return seen, err
}

func (c client) copied(statement string) ([]byte, error) {
	var into bytes.Buffer
	_, err := c.PgConn().CopyTo(ctx, &into, statement)
	return into.Bytes(), err
}

func (c client) phi() {
	for _, mode := range modes {
		step("phi "+mode.String(), func() (any, error) { return c.rows(sql("patients"), mode) })
		step("derived "+mode.String(), func() (any, error) { return c.rows(sql("derived"), mode) })
	}
	step("phi prepared", func() (any, error) { return c.rows(strings.Replace(sql("patients"), "25", "$1", 1), 25) })
	step("copied patients", func() (any, error) {
		data, err := c.copied("COPY (" + sql("patients") + ") TO STDOUT")
		return string(data), err
	})
	step("counted", func() (any, error) {
		return c.rows("SELECT count(*) AS n, count(email) AS emails FROM public.patients")
	})
	step("echo", func() (any, error) {
		_, err := c.exec("SELECT full_name::int FROM public.patients WHERE id = 1")
		var failed *pgconn.PgError
		errors.As(err, &failed)
		return failed.Message, nil
	})
	step("bisected", func() (any, error) {
		return c.rows("SELECT id FROM public.patients WHERE ssn LIKE $1 ORDER BY id LIMIT 3", "9%")
	})
}
