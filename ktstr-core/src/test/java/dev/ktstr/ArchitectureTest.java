package dev.ktstr;

import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.belongToAnyOf;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaField;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.domain.JavaPackage;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import java.io.IOException;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class ArchitectureTest {
    private static final Path SOURCES = Path.of("src", "main", "java", "dev", "ktstr");
    private static final JavaClasses MAIN = new ClassFileImporter().importPath(Path.of("target", "classes"));

    /** A package, and those it may use besides dev.ktstr and dev.ktstr.event; as in the documentation of dev.ktstr. */
    private static final Map<String, Set<String>> ARROWS = Map.ofEntries(
            Map.entry("os", Set.of()),
            Map.entry("lock", Set.of("os")),
            Map.entry("elf", Set.of()),
            Map.entry("publish", Set.of("os", "lock")),
            Map.entry("cache", Set.of("publish", "lock", "elf", "os")),
            Map.entry("disk", Set.of("publish", "lock", "os")),
            Map.entry("host", Set.of("lock", "os")),
            Map.entry("vm", Set.of("os", "lock", "elf", "publish", "cache", "disk", "host")));

    private static final Pattern ARROW = Pattern.compile("^ \\* dev\\.ktstr\\.(\\w+) +.*?(?:-&gt; *(.*))?$");

    private static final List<String> LIBRARIES =
            List.of("dev.ktstr..", "java..", "org.jspecify.annotations..", "com.sun.jna..", "com.fasterxml.jackson..");

    private static Set<String> packages() {
        return MAIN.stream()
                .map(type -> type.getPackageName())
                .filter(name -> name.startsWith("dev.ktstr."))
                .map(name -> name.substring("dev.ktstr.".length()))
                .collect(Collectors.toCollection(TreeSet::new));
    }

    @Test
    void everyPackageHasItsArrows() {
        assertThat(MAIN.stream().map(type -> type.getPackageName())).allMatch(name -> name.startsWith("dev.ktstr"));
        assertThat(packages()).isNotEmpty().allMatch(name -> name.equals("event") || ARROWS.containsKey(name));
    }

    @Test
    void onlyTheseArrowsAreDrawn() {
        ARROWS.forEach((name, used) -> {
            List<String> allowed = new ArrayList<>(List.of("dev.ktstr", "dev.ktstr.event", "dev.ktstr." + name));
            used.forEach(other -> allowed.add("dev.ktstr." + other));
            noClasses()
                    .that()
                    .resideInAPackage("dev.ktstr." + name)
                    .should()
                    .dependOnClassesThat(resideInAPackage("dev.ktstr..")
                            .and(not(resideInAnyPackage(allowed.toArray(String[]::new)))))
                    .allowEmptyShould(true)
                    .check(MAIN);
        });
    }

    @Test
    void whatEverybodyUsesUsesNobody() {
        noClasses()
                .that()
                .resideInAnyPackage("dev.ktstr", "dev.ktstr.event")
                .should()
                .dependOnClassesThat(
                        resideInAPackage("dev.ktstr..").and(not(resideInAnyPackage("dev.ktstr", "dev.ktstr.event"))))
                .check(MAIN);
    }

    @Test
    void packagesHaveNoCycles() {
        slices().matching("dev.ktstr.(*)..").should().beFreeOfCycles().check(MAIN);
        noClasses()
                .that()
                .resideInAPackage("dev.ktstr")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("dev.ktstr.event")
                .check(MAIN);
    }

    @Test
    void theDocumentationDrawsTheSameArrows() throws IOException {
        Map<String, Set<String>> drawn = new LinkedHashMap<>();
        for (String line : Files.readAllLines(SOURCES.resolve("package-info.java"))) {
            Matcher arrow = ARROW.matcher(line);
            if (arrow.matches() && !arrow.group(1).equals("event")) {
                String targets = Objects.requireNonNullElse(arrow.group(2), "");
                drawn.put(
                        arrow.group(1),
                        Arrays.stream(targets.split(",", -1))
                                .map(String::strip)
                                .filter(target -> target.matches("\\w+"))
                                .collect(Collectors.toSet()));
            }
        }
        Set<String> present = new TreeSet<>(packages());
        present.remove("event");

        assertThat(drawn.keySet()).containsExactlyInAnyOrderElementsOf(present);
        drawn.forEach((name, used) -> {
            if (!name.equals("vm")) { // "all of the above"
                assertThat(used).as("arrows of %s", name).isEqualTo(ARROWS.get(name));
            }
        });
    }

    @Test
    void onlyOsKnowsJna() {
        noClasses()
                .that(not(resideInAPackage("dev.ktstr.os")))
                .should()
                .dependOnClassesThat()
                .resideInAPackage("com.sun.jna..")
                .check(MAIN);
    }

    @Test
    void nothingOfALibraryIsInAPublicSignature() {
        MAIN.stream()
                .filter(type -> type.getModifiers().contains(JavaModifier.PUBLIC))
                .flatMap(type -> type.getMethods().stream())
                .filter(method -> method.getModifiers().contains(JavaModifier.PUBLIC))
                .forEach(method -> assertThat(method.getDescriptor())
                        .as(method.getFullName())
                        .doesNotContain("com/sun/jna")
                        .doesNotContain("com/fasterxml"));
    }

    @Test
    void onlyTheCodecAndItsHelpersKnowJackson() {
        noClasses()
                .that()
                .haveNameNotMatching(
                        "dev\\.ktstr\\.(cache\\.(MetadataCodec|JsonFields|JsonLayout|JsonText)|lock\\.HolderJson|vm\\.KvmRecord)(\\$.*)?")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("com.fasterxml..")
                .check(MAIN);
        noClasses()
                .that()
                .haveNameMatching("dev\\.ktstr\\.(cache\\.(MetadataCodec|Json.*)|lock\\.HolderJson|vm\\.KvmRecord)")
                .should()
                .bePublic()
                .check(MAIN);
    }

    @Test
    void onlyTheEnvironmentReadsVariablesAndProperties() {
        noClasses()
                .that(not(belongToAnyOf(Environment.class)))
                .should()
                .callMethod(System.class, "getenv")
                .orShould()
                .callMethod(System.class, "getenv", String.class)
                .orShould()
                .callMethod(System.class, "getProperty", String.class)
                .orShould()
                .callMethod(System.class, "getProperty", String.class, String.class)
                .orShould()
                .callMethod(System.class, "getProperties")
                .orShould()
                .callMethod(Boolean.class, "getBoolean", String.class)
                .orShould()
                .callMethod(Integer.class, "getInteger", String.class)
                .orShould()
                .callMethod(Long.class, "getLong", String.class)
                .check(MAIN);
    }

    @Test
    void nobodyEndsTheJvmOrPrints() {
        noClasses()
                .should()
                .callMethod(System.class, "exit", int.class)
                .orShould()
                .callMethod(Runtime.class, "exit", int.class)
                .orShould()
                .callMethod(Runtime.class, "halt", int.class)
                .orShould()
                .accessField(System.class, "out")
                .orShould()
                .accessField(System.class, "err")
                .orShould()
                .callMethod(Throwable.class, "printStackTrace")
                .check(MAIN);
    }

    @Test
    void nobodyTakesAPosixRecordLock() {
        noClasses()
                .should()
                .dependOnClassesThat()
                .areAssignableTo(FileLock.class)
                .check(MAIN);
    }

    @Test
    void coreKnowsNothingButItsLibraries() {
        classes()
                .should()
                .onlyDependOnClassesThat(resideInAnyPackage(LIBRARIES.toArray(String[]::new)))
                .check(MAIN);
        noClasses()
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(
                        "org.apache.maven..", "org.junit..", "org.slf4j..", "java.util.logging..", "java.awt..")
                .check(MAIN);
    }

    @Test
    void noStaticStateChanges() {
        List<String> changing = MAIN.stream()
                .flatMap(type -> type.getFields().stream())
                .filter(field -> field.getModifiers().contains(JavaModifier.STATIC))
                .filter(field -> !field.getModifiers().contains(JavaModifier.FINAL))
                .map(JavaField::getFullName)
                .toList();

        assertThat(changing).isEmpty();
    }

    @Test
    void everyExceptionOfOursIsAKtstrExceptionOrStaysInside() {
        classes()
                .that()
                .areAssignableTo(Exception.class)
                .and()
                .arePublic()
                .should()
                .beAssignableTo(KtstrException.class)
                .check(MAIN);
    }

    @Test
    void everyPackageWithAPublicTypeSaysWhatItIsFor() throws IOException {
        Map<String, String> silent = new TreeMap<>();
        Set<String> withPublicTypes = MAIN.stream()
                .filter(type -> type.getModifiers().contains(JavaModifier.PUBLIC))
                .map(type -> type.getPackage())
                .map(JavaPackage::getName)
                .collect(Collectors.toCollection(TreeSet::new));
        for (String name : withPublicTypes) {
            Path file = SOURCES.resolve(name.substring("dev.ktstr".length())
                            .replaceFirst("^\\.", "")
                            .replace('.', '/'))
                    .resolve("package-info.java");
            String text = Files.exists(file) ? Files.readString(file) : "";
            Matcher comment = Pattern.compile("(?s)/\\*\\*(.*?)\\*/").matcher(text);
            String words =
                    comment.find() ? comment.group(1).replaceAll("[\\s*]+", " ").strip() : "";
            if (words.length() < 80 || !text.contains("@NullMarked")) {
                silent.put(name, file + ": \"" + words + "\"");
            }
        }

        assertThat(withPublicTypes).isNotEmpty();
        assertThat(silent).isEmpty();
    }

    @Test
    void everySourceFileIsInAPackageThatIsChecked() throws IOException {
        try (Stream<Path> files = Files.walk(SOURCES)) {
            assertThat(files.filter(file -> file.toString().endsWith(".java"))
                            .map(file -> SOURCES.relativize(file))
                            .filter(file -> file.getNameCount() > 1)
                            .map(file -> file.getName(0).toString())
                            .collect(Collectors.toSet()))
                    .containsExactlyInAnyOrderElementsOf(packages());
        }
    }
}
