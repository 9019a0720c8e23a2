import java.io.ByteArrayOutputStream;
import java.io.StringReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.sql.Array;
import java.sql.BatchUpdateException;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.ResultSetMetaData;
import java.sql.SQLException;
import java.sql.SQLWarning;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import org.postgresql.PGConnection;
import org.postgresql.PGNotification;
import org.postgresql.copy.CopyManager;

/** pgjdbc: prints one line of JSON for every step. Prepared statements become binary and server-side after some uses. */
public final class Jdbc {
    private interface Work {
        Object run() throws Exception;
    }

    private static final Map<String, String> ENV = System.getenv();
    private final Connection client;

    private Jdbc(Connection client) {
        this.client = client;
    }

    public static void main(String[] args) throws Exception {
        try (Connection client = connect("prepareThreshold", "3")) {
            Jdbc jdbc = new Jdbc(client);
            if (ENV.get("CONFORMANCE_PART").equals("all")) jdbc.everything();
            jdbc.phi();
        }
    }

    private static Connection connect(String... more) throws SQLException {
        Properties properties = new Properties();
        properties.setProperty("user", ENV.get("PGUSER"));
        properties.setProperty("password", ENV.get("PGPASSWORD"));
        properties.setProperty("sslmode", "verify-full");
        properties.setProperty("sslrootcert", ENV.get("PGSSLROOTCERT"));
        for (int i = 0; i < more.length; i += 2) properties.setProperty(more[i], more[i + 1]);
        return DriverManager.getConnection(
            "jdbc:postgresql://" + ENV.get("PGHOST") + ":" + ENV.get("PGPORT") + "/" + ENV.get("PGDATABASE"), properties);
    }

    private static String sql(String name) throws Exception {
        return Files.readString(Path.of(ENV.get("CONFORMANCE_SQL"), name + ".sql")).strip();
    }

    private void everything() throws Exception {
        step("setup", () -> {
            for (String statement : sql("setup").split(";\n")) execute(statement);
            return null;
        });
        step("types", () -> rows(sql("types")));
        step("types prepared", () -> {
            List<Object> found = new ArrayList<>();
            try (PreparedStatement statement = client.prepareStatement(sql("types"))) {
                for (int i = 0; i < 6; i++) found.add(read(statement.executeQuery()));
            }
            return found;
        });
        step("types simple", () -> {
            try (Connection simple = connect("preferQueryMode", "simple")) {
                return new Jdbc(simple).rows(sql("types"));
            }
        });
        step("describe", () -> {
            try (PreparedStatement statement = client.prepareStatement("SELECT id, name AS n, price * 2 AS p FROM scratch.items WHERE id = ?")) {
                ResultSetMetaData data = statement.getMetaData();
                List<Object> columns = new ArrayList<>();
                for (int i = 1; i <= data.getColumnCount(); i++)
                    columns.add(List.of(data.getColumnName(i), data.getColumnTypeName(i), data.getTableName(i), statement.getParameterMetaData().getParameterTypeName(1)));
                return columns;
            }
        });
        step("parameters", () -> {
            List<Object> found = new ArrayList<>();
            try (PreparedStatement statement = client.prepareStatement("SELECT id, name, price, made, tags, raw FROM scratch.items WHERE id = ? AND name = ?")) {
                for (int id = 1; id <= 8; id++) {
                    statement.setInt(1, id);
                    statement.setString(2, "item " + id);
                    found.addAll(read(statement.executeQuery()));
                }
            }
            return found;
        });
        step("batch", this::batch);
        step("generated keys", () -> inTransaction(() -> {
            try (PreparedStatement statement = client.prepareStatement("INSERT INTO scratch.items (id, name) VALUES (?, ?)", Statement.RETURN_GENERATED_KEYS)) {
                statement.setInt(1, 8888);
                statement.setString(2, "key");
                statement.executeUpdate();
                return read(statement.getGeneratedKeys());
            }
        }));
        step("transactions", this::transactions);
        for (String line : sql("errors").split("\n")) {
            String[] parts = line.split(": ", 2);
            step("error: " + parts[0], () -> execute(parts[1]));
        }
        step("transaction after an error", () -> inTransaction(() -> {
            List<Object> codes = new ArrayList<>();
            for (String statement : List.of("SELECT 1/0", "SELECT 1")) {
                try {
                    codes.add(rows(statement));
                } catch (SQLException error) {
                    codes.add(error.getSQLState());
                }
            }
            return codes;
        }));
        step("fetch size", () -> inTransaction(() -> {
            try (Statement statement = client.createStatement()) {
                statement.setFetchSize(7);
                return read(statement.executeQuery("SELECT id, name FROM scratch.items WHERE id <= 30 ORDER BY id"));
            }
        }));
        step("scrollable", () -> {
            try (Statement statement = client.createStatement(ResultSet.TYPE_SCROLL_INSENSITIVE, ResultSet.CONCUR_READ_ONLY)) {
                ResultSet result = statement.executeQuery("SELECT id FROM scratch.items ORDER BY id");
                result.absolute(-1);
                return result.getInt(1);
            }
        });
        step("several results", () -> {
            List<Object> found = new ArrayList<>();
            try (Statement statement = client.createStatement()) {
                boolean more = statement.execute("SELECT 1 AS a; UPDATE scratch.items SET price = price WHERE id = 1; SELECT 2 AS b");
                while (more || statement.getUpdateCount() != -1) {
                    found.add(more ? read(statement.getResultSet()) : statement.getUpdateCount());
                    more = statement.getMoreResults();
                }
            }
            return found;
        });
        step("copy in", () -> inTransaction(() -> {
            StringBuilder lines = new StringBuilder();
            for (int i = 0; i < 3000; i++) lines.append(5000 + i).append("\tcopied ").append(i).append('\n');
            long count = copies().copyIn("COPY scratch.items (id, name) FROM STDIN", new StringReader(lines.toString()));
            return List.of(count, rows("SELECT count(*) AS n FROM scratch.items"));
        }));
        for (String format : List.of("text", "csv", "binary"))
            step("copy out as " + format, () -> digest(copied("COPY scratch.items TO STDOUT (FORMAT " + format + ")")));
        step("metadata", this::metadata);
        step("large values", () -> {
            try (PreparedStatement statement = client.prepareStatement("SELECT ?::text, ?::bytea")) {
                statement.setString(1, "0123456789abcdef☃".repeat(200_000));
                statement.setBytes(2, new byte[1_000_000]);
                ResultSet result = statement.executeQuery();
                result.next();
                return List.of(digest(result.getString(1).getBytes(StandardCharsets.UTF_8)), digest(result.getBytes(2)));
            }
        });
        step("many rows", () -> digest(json(rows("SELECT i, repeat('x', 20) AS x FROM generate_series(1, 50000) AS i")).getBytes(StandardCharsets.UTF_8)));
        step("notices", () -> {
            try (Statement statement = client.createStatement()) {
                statement.execute("DROP TABLE IF EXISTS scratch.never_was");
                SQLWarning warning = statement.getWarnings();
                return List.of(warning.getSQLState(), warning.getMessage());
            }
        });
        step("notify", () -> {
            execute("LISTEN conformance_jdbc");
            execute("NOTIFY conformance_jdbc, 'hello'");
            PGNotification[] heard = client.unwrap(PGConnection.class).getNotifications(10_000);
            execute("UNLISTEN *");
            return List.of(heard[0].getName(), heard[0].getParameter());
        });
        step("cancel", () -> {
            try (Statement statement = client.createStatement()) {
                Thread thread = new Thread(() -> {
                    try {
                        Thread.sleep(300);
                        statement.cancel();
                    } catch (SQLException | InterruptedException error) {
                        throw new IllegalStateException(error);
                    }
                });
                thread.start();
                try {
                    statement.executeQuery("SELECT count(*) FROM generate_series(1, 100000000000)");
                    return "done";
                } catch (SQLException error) {
                    thread.join();
                    return List.of(error.getSQLState(), rows("SELECT 'usable' AS state"));
                }
            }
        });
        step("teardown", () -> execute(sql("teardown")));
    }

    private Object batch() throws Exception {
        return inTransaction(() -> {
            List<Object> seen = new ArrayList<>();
            try (PreparedStatement statement = client.prepareStatement("INSERT INTO scratch.items (id, name) VALUES (?, ?)")) {
                for (int i = 0; i < 500; i++) {
                    statement.setInt(1, 8000 + i);
                    statement.setString(2, "many " + i);
                    statement.addBatch();
                }
                seen.add(Arrays.stream(statement.executeBatch()).sum());
                seen.add(rows("SELECT count(*) AS n FROM scratch.items"));
                for (int id : new int[] {9001, 1, 9002}) {
                    statement.setInt(1, id);
                    statement.setString(2, "again");
                    statement.addBatch();
                }
                statement.executeBatch();
            } catch (BatchUpdateException error) {
                seen.add(error.getSQLState());
            }
            return seen;
        });
    }

    private Object transactions() throws Exception {
        return inTransaction(() -> {
            List<Object> seen = new ArrayList<>();
            client.setTransactionIsolation(Connection.TRANSACTION_SERIALIZABLE);
            execute("DELETE FROM scratch.items WHERE id > 900");
            var here = client.setSavepoint("here");
            execute("DELETE FROM scratch.items WHERE id > 1");
            seen.add(rows("SELECT count(*) AS n FROM scratch.items"));
            client.rollback(here);
            seen.add(rows("SELECT count(*) AS n FROM scratch.items"));
            return seen;
        });
    }

    private Object metadata() throws Exception {
        List<Object> found = new ArrayList<>();
        var data = client.getMetaData();
        try (ResultSet tables = data.getTables(null, "public", "p%", new String[] {"TABLE", "VIEW"})) {
            while (tables.next()) found.add(List.of(tables.getString("TABLE_NAME"), tables.getString("TABLE_TYPE")));
        }
        try (ResultSet columns = data.getColumns(null, "public", "patients", "%")) {
            while (columns.next()) found.add(List.of(columns.getString("COLUMN_NAME"), columns.getString("TYPE_NAME"), columns.getInt("NULLABLE")));
        }
        try (ResultSet keys = data.getImportedKeys(null, "public", "encounters")) {
            while (keys.next()) found.add(List.of(keys.getString("FKCOLUMN_NAME"), keys.getString("PKTABLE_NAME")));
        }
        try (ResultSet keys = data.getPrimaryKeys(null, "public", "patients")) {
            while (keys.next()) found.add(keys.getString("COLUMN_NAME"));
        }
        try (ResultSet indexes = data.getIndexInfo(null, "public", "patients", false, false)) {
            while (indexes.next()) found.add(indexes.getString("INDEX_NAME"));
        }
        return found;
    }

    private void phi() throws Exception {
        step("phi", () -> rows(sql("patients")));
        step("phi simple", () -> {
            try (Connection simple = connect("preferQueryMode", "simple")) {
                return new Jdbc(simple).rows(sql("patients"));
            }
        });
        // From the fifth use on, it is a named statement with binary results.
        for (int i = 1; i <= 2; i++) {
            step("phi prepared " + i, () -> {
                List<Map<String, Object>> found = List.of();
                try (PreparedStatement statement = client.prepareStatement(sql("patients").replace("25", "?"))) {
                    for (int use = 0; use < 6; use++) {
                        statement.setInt(1, 25);
                        found = read(statement.executeQuery());
                    }
                }
                return found;
            });
        }
        step("phi fetch size", () -> inTransaction(() -> {
            try (Statement statement = client.createStatement()) {
                statement.setFetchSize(4);
                return read(statement.executeQuery(sql("patients")));
            }
        }));
        step("derived", () -> rows(sql("derived")));
        step("copied patients", () -> new String(copied("COPY (" + sql("patients") + ") TO STDOUT"), StandardCharsets.UTF_8));
        step("counted", () -> rows("SELECT count(*) AS n, count(email) AS emails FROM public.patients"));
        step("echo", () -> {
            try {
                return rows("SELECT full_name::int FROM public.patients WHERE id = 1");
            } catch (SQLException error) {
                return error.getMessage();
            }
        });
        step("bisected", () -> rows("SELECT id FROM public.patients WHERE ssn LIKE '9%' ORDER BY id LIMIT 3"));
    }

    private Object inTransaction(Work work) throws Exception {
        client.setAutoCommit(false);
        try {
            return work.run();
        } finally {
            client.rollback();
            client.setAutoCommit(true);
            client.setTransactionIsolation(Connection.TRANSACTION_READ_COMMITTED);
        }
    }

    private CopyManager copies() throws SQLException {
        return client.unwrap(PGConnection.class).getCopyAPI();
    }

    private byte[] copied(String statement) throws Exception {
        ByteArrayOutputStream into = new ByteArrayOutputStream();
        copies().copyOut(statement, into);
        return into.toByteArray();
    }

    private int execute(String text) throws SQLException {
        try (Statement statement = client.createStatement()) {
            statement.execute(text);
            return statement.getUpdateCount();
        }
    }

    private List<Map<String, Object>> rows(String query) throws SQLException {
        try (Statement statement = client.createStatement()) {
            return read(statement.executeQuery(query));
        }
    }

    private static List<Map<String, Object>> read(ResultSet result) throws SQLException {
        List<Map<String, Object>> rows = new ArrayList<>();
        ResultSetMetaData data = result.getMetaData();
        while (result.next()) {
            Map<String, Object> row = new LinkedHashMap<>();
            for (int i = 1; i <= data.getColumnCount(); i++) row.put(data.getColumnLabel(i), result.getObject(i));
            rows.add(row);
        }
        return rows;
    }

    private static String digest(byte[] bytes) throws Exception {
        return bytes.length + " " + HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
    }

    private static void step(String name, Work work) throws Exception {
        Object value;
        try {
            value = work.run();
        } catch (SQLException error) {
            value = Map.of("failed", String.valueOf(error.getSQLState()));
        }
        System.out.println("{\"step\": " + json(name) + ", \"value\": " + json(value) + "}");
    }

    private static String json(Object value) throws SQLException {
        if (value == null || value instanceof Boolean) return String.valueOf(value);
        if (value instanceof byte[] bytes) return json("\\x" + HexFormat.of().formatHex(bytes));
        if (value instanceof Array array) return json(Arrays.asList((Object[]) array.getArray()));
        StringBuilder text = new StringBuilder();
        if (value instanceof List<?> list) {
            for (Object of : list) text.append(text.isEmpty() ? "" : ", ").append(json(of));
            return "[" + text + "]";
        }
        if (value instanceof Map<?, ?> map) {
            for (Map.Entry<?, ?> entry : map.entrySet())
                text.append(text.isEmpty() ? "" : ", ").append(json(entry.getKey())).append(": ").append(json(entry.getValue()));
            return "{" + text + "}";
        }
        for (char c : value.toString().toCharArray()) {
            if (c == '"' || c == '\\') text.append('\\').append(c);
            else if (c < 32) text.append(String.format("\\u%04x", (int) c));
            else text.append(c);
        }
        return "\"" + text + "\"";
    }
}
