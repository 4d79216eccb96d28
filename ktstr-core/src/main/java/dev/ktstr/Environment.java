package dev.ktstr;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Clock;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Everything ktstr takes from around it: variables, the clocks, random names. It is passed in at the edge, once; nothing
 * else reads {@code System.getenv}. It also owns what is remembered per process, such as which warnings have been given.
 * Safe for use by several threads.
 */
public final class Environment {
    private static final Environment SYSTEM = readSystem();

    private final Map<String, byte[]> variables;
    private final Clock clock;
    private final LongSupplier ticker;
    private final String operatingSystem;
    private final SecureRandom random = new SecureRandom();
    private final Memory memory;

    /** What is remembered for as long as the process lives. */
    private record Memory(Set<String> told, Map<Class<?>, Object> objects) {
        Memory() {
            this(ConcurrentHashMap.newKeySet(), new ConcurrentHashMap<>());
        }
    }

    private Environment(
            Map<String, byte[]> variables, Clock clock, LongSupplier ticker, String operatingSystem, Memory memory) {
        this.variables = variables;
        this.clock = clock;
        this.ticker = ticker;
        this.operatingSystem = operatingSystem;
        this.memory = memory;
    }

    /** This process: the same object on every call. */
    public static Environment system() {
        return SYSTEM;
    }

    /**
     * An environment of one's own, for tests and for hosts that keep several stores apart. It has the system's clocks.
     *
     * @param home what {@code HOME} is, unless {@code variables} has one; null for none
     */
    public static Environment of(Map<String, String> variables, @Nullable Path home) {
        Map<String, byte[]> raw = new HashMap<>();
        if (home != null) {
            raw.put("HOME", home.toString().getBytes(StandardCharsets.UTF_8));
        }
        variables.forEach((name, value) -> raw.put(name, value.getBytes(StandardCharsets.UTF_8)));
        return ofBytes(raw);
    }

    static Environment ofBytes(Map<String, byte[]> variables) {
        return new Environment(
                Map.copyOf(variables), SYSTEM.clock, SYSTEM.ticker, SYSTEM.operatingSystem, new Memory());
    }

    /** The same variables under other clocks: {@code ticker} counts nanoseconds and never goes back. */
    public Environment withClocks(Clock wall, LongSupplier nanoTicker) {
        return new Environment(variables, wall, nanoTicker, operatingSystem, new Memory());
    }

    /** The same with one variable set; what has been remembered stays remembered. */
    public Environment withVariable(String name, String value) {
        Map<String, byte[]> changed = new HashMap<>(variables);
        changed.put(name, value.getBytes(StandardCharsets.UTF_8));
        return new Environment(Map.copyOf(changed), clock, ticker, operatingSystem, memory);
    }

    /** The same variables on another operating system, named as {@code os.name} names it: for tests of what happens there. */
    public Environment withOperatingSystem(String name) {
        return new Environment(variables, clock, ticker, name, new Memory());
    }

    /**
     * The value of a variable; empty when it is unset <em>or set to the empty string</em>.
     *
     * @throws EnvironmentException if the value is not UTF-8: falling through to another place would silently put the
     *     user's data where they did not ask for it
     */
    public Optional<String> variable(String name) throws EnvironmentException {
        return rawVariable(name).filter(value -> !value.isEmpty());
    }

    /** As {@link #variable}, but a variable set to the empty string is present. */
    public Optional<String> rawVariable(String name) throws EnvironmentException {
        byte[] value = variables.get(name);
        if (value == null) {
            return Optional.empty();
        }
        try {
            return Optional.of(StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(value))
                    .toString());
        } catch (CharacterCodingException notText) {
            throw new EnvironmentException(
                    ErrorCode.ENV_ENCODING,
                    "reading the variable " + name + ": it holds non-UTF-8 bytes (" + value.length
                            + " bytes in all), and ktstr will not guess what they mean",
                    "set " + name + " to a path written in UTF-8, or unset it",
                    notText);
        }
    }

    public Clock clock() {
        return clock;
    }

    /** Nanoseconds of a clock that never goes back; only differences mean anything. */
    public long nanoTime() {
        return ticker.getAsLong();
    }

    /** What {@code os.name} says, such as {@code Linux}. */
    public String operatingSystem() {
        return operatingSystem;
    }

    /** Where files may be put for a while: {@code java.io.tmpdir}. */
    public Path temporaryDirectory() {
        return Path.of(System.getProperty("java.io.tmpdir", "/tmp"));
    }

    /** Eight hex digits, different at every call. */
    public String randomSuffix() {
        return HexFormat.of().toHexDigits(random.nextInt());
    }

    /** Whether this is the first time that {@code what} is asked about: for warnings that are given once. */
    public boolean firstTime(String what) {
        return memory.told.add(what);
    }

    /** The one object of a type that is kept for as long as this environment, made when it is first asked for. */
    public <T> T remembered(Class<T> type, Supplier<T> first) {
        return type.cast(memory.objects.computeIfAbsent(type, absent -> first.get()));
    }

    private static Environment readSystem() {
        return new Environment(
                Map.copyOf(systemVariables()),
                Clock.systemUTC(),
                System::nanoTime,
                System.getProperty("os.name", "unknown"),
                new Memory());
    }

    /** The variables' own bytes where the kernel shows them: {@code System.getenv} has already replaced what it could not decode. */
    private static Map<String, byte[]> systemVariables() {
        Map<String, byte[]> raw = new HashMap<>();
        System.getenv().forEach((name, value) -> raw.put(name, value.getBytes(StandardCharsets.UTF_8)));
        try {
            String all = new String(Files.readAllBytes(Path.of("/proc/self/environ")), StandardCharsets.ISO_8859_1);
            for (String pair : all.split("\0", -1)) {
                int equals = pair.indexOf('=');
                if (equals > 0 && raw.containsKey(pair.substring(0, equals))) {
                    raw.put(
                            pair.substring(0, equals),
                            pair.substring(equals + 1).getBytes(StandardCharsets.ISO_8859_1));
                }
            }
        } catch (IOException noProc) {
            // Not Linux, or /proc is not mounted: what getenv decoded is all there is.
            return raw;
        }
        return raw;
    }
}
