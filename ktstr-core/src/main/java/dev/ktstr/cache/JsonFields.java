package dev.ktstr.cache;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Typed access to an object's fields; whatever is of another type is schema drift that names the field.
 *
 * @param prefix what comes before a field's name in messages, such as {@code source.}
 */
record JsonFields(JsonNode object, String prefix) {
    JsonFields {
        Objects.requireNonNull(object);
    }

    List<String> names() {
        List<String> names = new ArrayList<>();
        object.fieldNames().forEachRemaining(names::add);
        return names;
    }

    /** The elements of a list, each of which must be an object. */
    List<JsonFields> requiredList(String name) throws MetadataException {
        if (!required(name).isArray()) {
            throw drift(prefix + name, "a list");
        }
        List<JsonFields> elements = new ArrayList<>();
        required(name).forEach(each -> elements.add(new JsonFields(each, prefix + name + ".")));
        return elements;
    }

    /** The fields of an object. */
    JsonFields requiredFields(String name) throws MetadataException {
        if (!required(name).isObject()) {
            throw drift(prefix + name, "an object");
        }
        return new JsonFields(required(name), prefix + name + ".");
    }

    /** Null if absent or JSON null. */
    @Nullable
    JsonNode node(String name) throws MetadataException {
        if (!object.isObject()) {
            throw drift(prefix.isEmpty() ? "metadata" : prefix.substring(0, prefix.length() - 1), "an object");
        }
        JsonNode node = object.get(name);
        return node == null || node.isNull() ? null : node;
    }

    JsonNode required(String name) throws MetadataException {
        JsonNode node = node(name);
        if (node == null) {
            throw new MetadataException(ErrorKind.SCHEMA_DRIFT, "missing field `" + prefix + name + "`");
        }
        return node;
    }

    @Nullable
    String text(String name) throws MetadataException {
        JsonNode node = node(name);
        if (node != null && !node.isTextual()) {
            throw drift(prefix + name, "a string");
        }
        return node == null ? null : node.asText();
    }

    String requiredText(String name) throws MetadataException {
        if (!required(name).isTextual()) {
            throw drift(prefix + name, "a string");
        }
        return required(name).asText();
    }

    boolean requiredFlag(String name) throws MetadataException {
        if (!required(name).isBoolean()) {
            throw drift(prefix + name, "true or false");
        }
        return required(name).asBoolean();
    }

    @Nullable
    Long number(String name) throws MetadataException {
        JsonNode node = node(name);
        if (node != null && !(node.isIntegralNumber() && node.canConvertToLong())) {
            throw drift(prefix + name, "a whole number of 64 bits");
        }
        return node == null ? null : node.asLong();
    }

    @Nullable
    Long size(String name) throws MetadataException {
        Long value = number(name);
        if (value != null && value < 0) {
            throw drift(prefix + name, "a number that is not negative");
        }
        return value;
    }

    long requiredSize(String name) throws MetadataException {
        required(name);
        return Objects.requireNonNull(size(name));
    }

    private static MetadataException drift(String field, String expected) {
        return new MetadataException(ErrorKind.SCHEMA_DRIFT, "field `" + field + "` is not " + expected);
    }
}
