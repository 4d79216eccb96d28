package dev.ktstr.cache;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonParseException;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.io.JsonEOFException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.StringWriter;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** JSON as text: what is wrong with one that cannot be parsed, and how one is written. */
final class JsonText {
    /** No ObjectMapper: to make the first one takes a process longer than everything else that a lookup does. */
    private static final JsonFactory JSON = new JsonFactory();

    /** Numbers keep the digits they were written with: unknown fields come out as they went in. */
    private static final JsonNodeFactory NODES = new JsonNodeFactory(true);

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
        try (JsonParser parser = JSON.createParser(text)) {
            if (parser.nextToken() == null) {
                throw new MetadataException(ErrorKind.TRUNCATED, "the file is empty");
            }
            JsonNode root = value(parser);
            if (parser.nextToken() != null) {
                throw new MetadataException(ErrorKind.MALFORMED, "trailing characters after the JSON document");
            }
            if (!root.isObject()) {
                throw new MetadataException(ErrorKind.SCHEMA_DRIFT, "expected an object, found " + kind(root));
            }
            return root;
        } catch (JsonEOFException endsEarly) {
            throw new MetadataException(ErrorKind.TRUNCATED, detail(endsEarly));
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

    /** The value that begins at the current token. How deep they may be nested, the parser says. */
    private static JsonNode value(JsonParser parser) throws IOException, MetadataException {
        return switch (parser.currentToken()) {
            case START_OBJECT -> object(parser);
            case START_ARRAY -> {
                ArrayNode array = NODES.arrayNode();
                while (parser.nextToken() != JsonToken.END_ARRAY) {
                    array.add(value(parser));
                }
                yield array;
            }
            case VALUE_STRING -> NODES.textNode(parser.getText());
            case VALUE_NUMBER_INT -> NODES.numberNode(parser.getBigIntegerValue());
            case VALUE_NUMBER_FLOAT -> NODES.numberNode(parser.getDecimalValue());
            case VALUE_TRUE -> NODES.booleanNode(true);
            case VALUE_FALSE -> NODES.booleanNode(false);
            default -> NODES.nullNode();
        };
    }

    private static ObjectNode object(JsonParser parser) throws IOException, MetadataException {
        ObjectNode object = NODES.objectNode();
        while (parser.nextToken() == JsonToken.FIELD_NAME) {
            String name = parser.currentName();
            parser.nextToken();
            if (object.replace(name, value(parser)) != null) {
                JsonLocation place = parser.currentLocation();
                throw new MetadataException(ErrorKind.SCHEMA_DRIFT, "duplicate field `" + name + "`" + at(place));
            }
        }
        return object;
    }

    /** An empty object. */
    static ObjectNode object() {
        return NODES.objectNode();
    }

    /** The object that a text is known to be. */
    static ObjectNode object(String json) throws IOException {
        try {
            return (ObjectNode) parse(json);
        } catch (MetadataException unexpected) {
            throw new IOException("expected JSON that has been read before: " + unexpected.reason(), unexpected);
        }
    }

    /** The text of an object, ending in a line feed. */
    static String render(ObjectNode root) throws IOException {
        StringWriter text = new StringWriter();
        try (JsonGenerator generator = JSON.createGenerator(text)) {
            generator.setPrettyPrinter(new JsonLayout());
            write(root, generator);
        }
        return text.append('\n').toString();
    }

    private static void write(JsonNode node, JsonGenerator to) throws IOException {
        if (node.isObject()) {
            to.writeStartObject();
            for (Map.Entry<String, JsonNode> field : node.properties()) {
                to.writeFieldName(field.getKey());
                write(field.getValue(), to);
            }
            to.writeEndObject();
        } else if (node.isArray()) {
            to.writeStartArray();
            for (JsonNode element : node) {
                write(element, to);
            }
            to.writeEndArray();
        } else if (node.isTextual()) {
            to.writeString(node.textValue());
        } else if (node.isIntegralNumber()) {
            to.writeNumber(node.bigIntegerValue());
        } else if (node.isNumber()) {
            to.writeNumber(node.decimalValue());
        } else if (node.isBoolean()) {
            to.writeBoolean(node.booleanValue());
        } else {
            to.writeNull();
        }
    }

    private static String kind(JsonNode node) {
        return node.getNodeType().name().toLowerCase(Locale.ROOT);
    }

    /** What the parser says, without its remarks about where it reads from. */
    private static String detail(JsonProcessingException failure) {
        String message = failure.getOriginalMessage();
        int remark = message.indexOf(" (start marker at");
        JsonLocation place = failure.getLocation();
        return (remark < 0 ? message : message.substring(0, remark)) + at(place);
    }

    private static String at(@Nullable JsonLocation place) {
        return place == null ? "" : " at line " + place.getLineNr() + " column " + place.getColumnNr();
    }
}
