package dev.ktstr.cache;

import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonParseException;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.io.JsonEOFException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.exc.MismatchedInputException;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** JSON as text: what is wrong with one that cannot be parsed, and how one is written. */
final class JsonText {
    /** Numbers keep the digits they were written with: unknown fields come out as they went in. */
    private static final ObjectMapper MAPPER = new ObjectMapper()
            .enable(DeserializationFeature.FAIL_ON_READING_DUP_TREE_KEY)
            .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
            .setNodeFactory(new JsonNodeFactory(true));

    /** A word or number that ends where the text does, before it is whole. */
    private static final Pattern CUT_OFF = Pattern.compile("(?<![^\\s:,\\[])(?:t|tr|tru|f|fa|fal|fals|n|nu|nul|-"
            + "|-?[0-9]+\\.|-?[0-9]+(?:\\.[0-9]+)?[eE][+-]?)\\z");

    private JsonText() {}

    /** The text of a file. */
    static String decode(byte[] file) throws MetadataException {
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(file))
                    .toString();
        } catch (CharacterCodingException notText) {
            throw new MetadataException(ErrorKind.UNREADABLE, "the file is not valid UTF-8");
        }
    }

    /** The object that a text is; anything else is told apart as the reason's beginning requires. */
    static JsonNode parse(String text) throws MetadataException {
        try (JsonParser parser = MAPPER.createParser(text)) {
            JsonNode root = MAPPER.readTree(parser);
            if (root == null) {
                throw new MetadataException(ErrorKind.TRUNCATED, "the file is empty");
            }
            if (parser.nextToken() != null) {
                throw new MetadataException(ErrorKind.MALFORMED, "trailing characters after the JSON document");
            }
            if (!root.isObject()) {
                throw new MetadataException(ErrorKind.SCHEMA_DRIFT, "expected an object, found " + kind(root));
            }
            return root;
        } catch (JsonEOFException endsEarly) {
            throw new MetadataException(ErrorKind.TRUNCATED, detail(endsEarly));
        } catch (MismatchedInputException duplicate) {
            throw new MetadataException(ErrorKind.SCHEMA_DRIFT, detail(duplicate));
        } catch (JsonProcessingException syntax) {
            Matcher end = CUT_OFF.matcher(text);
            boolean cutOff = syntax instanceof JsonParseException
                    && (syntax.getOriginalMessage().startsWith("Unexpected end-of-input")
                            || (end.find() && syntax.getLocation().getCharOffset() >= end.start()));
            throw new MetadataException(cutOff ? ErrorKind.TRUNCATED : ErrorKind.MALFORMED, detail(syntax));
        } catch (NumberFormatException beyondMeasure) {
            throw new MetadataException(ErrorKind.MALFORMED, String.valueOf(beyondMeasure.getMessage()));
        } catch (IOException impossible) {
            throw new IllegalStateException("reading from a string does no I/O", impossible);
        }
    }

    /** An empty object. */
    static ObjectNode object() {
        return MAPPER.createObjectNode();
    }

    /** The object that a text is known to be. */
    static ObjectNode object(String json) throws IOException {
        return (ObjectNode) MAPPER.readTree(json);
    }

    /** The text of an object, ending in a line feed. */
    static String render(ObjectNode root) throws IOException {
        return MAPPER.writer(new JsonLayout()).writeValueAsString(root) + "\n";
    }

    private static String kind(JsonNode node) {
        return node.getNodeType().name().toLowerCase(Locale.ROOT);
    }

    /** What the parser says, without its remarks about where it reads from. */
    private static String detail(JsonProcessingException failure) {
        String message = failure.getOriginalMessage();
        int remark = message.indexOf(" (start marker at");
        JsonLocation place = failure.getLocation();
        return (remark < 0 ? message : message.substring(0, remark))
                + (place == null ? "" : " at line " + place.getLineNr() + " column " + place.getColumnNr());
    }
}
