package dev.ktstr.lock;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Holder records as JSON: one flat object. Reading never fails; what is not of the expected type counts as absent. */
final class HolderJson {
    private static final int COMMAND_LENGTH = 101; // with the ellipsis of one that has been cut
    private static final int TEXT_LENGTH = 200;

    /** Names come from anybody: they are not kept for the next time. */
    private static final JsonFactory JSON = JsonFactory.builder()
            .disable(JsonFactory.Feature.CANONICALIZE_FIELD_NAMES)
            .build();

    private HolderJson() {}

    static byte[] write(ThisProcess process, FlockMode mode, Instant since, @Nullable String test) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream(512);
        try (JsonGenerator json = JSON.createGenerator(bytes)) {
            json.writeStartObject();
            json.writeStringField("host", process.host());
            json.writeStringField("boot_id", process.bootId());
            writeNumber(json, "pid_ns", process.pidNamespace());
            json.writeStringField("container", process.container());
            writeNumber(json, "pid", process.pid());
            json.writeStringField("command", process.command());
            json.writeStringField("test", test);
            json.writeStringField("mode", mode.operation());
            json.writeStringField("since", since.toString());
            json.writeEndObject();
            json.writeRaw('\n');
        }
        return bytes.toByteArray();
    }

    /** @param namedPid the pid in the record's file name, for one that has none in it */
    static HolderRecord parse(byte[] bytes, long namedPid) {
        Map<String, String> texts = new HashMap<>();
        Map<String, Long> numbers = new HashMap<>();
        try (JsonParser json = JSON.createParser(bytes)) {
            read(json, texts, numbers);
        } catch (IOException garbage) {
            texts.clear();
            numbers.clear();
        }
        return new HolderRecord(
                text(texts, "host", TEXT_LENGTH),
                text(texts, "boot_id", TEXT_LENGTH),
                numbers.get("pid_ns"),
                text(texts, "container", TEXT_LENGTH),
                numbers.getOrDefault("pid", namedPid),
                text(texts, "command", COMMAND_LENGTH),
                text(texts, "test", TEXT_LENGTH),
                FlockMode.of(texts.get("mode")),
                instant(texts.get("since")));
    }

    /** Token by token: however deep something is nested that we do not know, it takes no memory. */
    private static void read(JsonParser json, Map<String, String> texts, Map<String, Long> numbers) throws IOException {
        if (json.nextToken() != JsonToken.START_OBJECT) {
            return;
        }
        while (json.nextToken() == JsonToken.FIELD_NAME) {
            String name = json.currentName();
            JsonToken value = json.nextToken();
            if (value == JsonToken.VALUE_STRING) {
                texts.put(name, json.getText());
            } else if (value == JsonToken.VALUE_NUMBER_INT
                    && (json.getNumberType() == JsonParser.NumberType.INT
                            || json.getNumberType() == JsonParser.NumberType.LONG)
                    && json.getLongValue() > 0) {
                numbers.put(name, json.getLongValue());
            } else {
                json.skipChildren();
            }
        }
    }

    private static void writeNumber(JsonGenerator json, String name, @Nullable Long number) throws IOException {
        if (number == null) {
            json.writeNullField(name);
        } else {
            json.writeNumberField(name, number);
        }
    }

    private static @Nullable String text(Map<String, String> texts, String name, int length) {
        String text = texts.get(name);
        return text == null || text.isBlank() ? null : Processes.cut(text, length);
    }

    private static @Nullable Instant instant(@Nullable String text) {
        try {
            return text == null ? null : Instant.parse(text);
        } catch (DateTimeException notAnInstant) {
            return null;
        }
    }
}
