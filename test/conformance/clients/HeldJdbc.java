// pgjdbc with commands that wait for an approval: both protocols, outside and inside of a transaction, denied, and cancelled.

import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.Map;
import java.util.Properties;
import java.util.Timer;
import java.util.TimerTask;

final class HeldJdbc {
    private static final Map<String, String> ENV = System.getenv();
    /** Long enough for the request to have been made. */
    private static final long CANCEL_AFTER_MS = 2000;

    private static int next = Integer.parseInt(ENV.get("CONFORMANCE_PART").split(" ")[1]);

    private HeldJdbc() {}

    /** The purpose tells the people of the test what to answer. */
    private static Connection connect(String mode, String purpose) throws SQLException {
        Properties properties = new Properties();
        properties.setProperty("user", ENV.get("PGUSER"));
        properties.setProperty("password", ENV.get("PGPASSWORD"));
        properties.setProperty("sslmode", "verify-full");
        properties.setProperty("sslrootcert", ENV.get("PGSSLROOTCERT"));
        properties.setProperty("preferQueryMode", mode);
        properties.setProperty("options", "-c postern.purpose=" + purpose);
        String address = ENV.get("PGHOST") + ":" + ENV.get("PGPORT") + "/" + ENV.get("PGDATABASE");
        return DriverManager.getConnection("jdbc:postgresql://" + address, properties);
    }

    private static String erase(String mode, boolean inside, String purpose) throws SQLException {
        try (Connection client = connect(mode, purpose)) {
            client.setAutoCommit(!inside);
            try (PreparedStatement statement = client.prepareStatement("DELETE FROM prescriptions WHERE id = ?")) {
                statement.setInt(1, next++);
                if (purpose.equals("unanswered")) cancelLater(statement);
                int rows = statement.executeUpdate();
                if (inside) client.commit();
                return "DELETE " + rows;
            }
        } catch (SQLException error) {
            return error.getSQLState();
        }
    }

    private static void cancelLater(PreparedStatement statement) {
        Timer timer = new Timer(true);
        timer.schedule(
            new TimerTask() {
                @Override
                public void run() {
                    try {
                        statement.cancel();
                    } catch (SQLException error) {
                        throw new IllegalStateException(error);
                    }
                }
            },
            CANCEL_AFTER_MS);
    }

    private static void step(String name, String value) {
        System.out.println("{\"step\": \"" + name + "\", \"value\": \"" + value + "\"}");
    }

    public static void main(String[] args) throws SQLException {
        step("simple outside", erase("simple", false, "approved"));
        step("simple inside", erase("simple", true, "approved"));
        step("extended outside", erase("extended", false, "approved"));
        step("extended inside", erase("extended", true, "approved"));
        step("denied", erase("extended", false, "denied"));
        step("cancelled", erase("extended", false, "unanswered"));
    }
}
