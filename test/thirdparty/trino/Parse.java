import io.trino.sql.parser.ParsingException;
import io.trino.sql.parser.SqlParser;
import java.nio.file.Files;
import java.nio.file.Path;

/** Says of each file, on a line of its own, whether Trino can parse it: "ok", or what is wrong. */
public class Parse {
  public static void main(String[] files) throws Exception {
    for (String file : files) {
      try {
        new SqlParser().createStatement(Files.readString(Path.of(file)));
        System.out.println("ok");
      } catch (ParsingException wrong) {
        System.out.println(wrong.getMessage().replace('\n', ' '));
      }
    }
  }
}
