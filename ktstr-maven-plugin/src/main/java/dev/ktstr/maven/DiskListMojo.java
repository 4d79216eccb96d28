package dev.ktstr.maven;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.ktstr.ByteSizes;
import dev.ktstr.Printable;
import dev.ktstr.disk.DiskTemplates;
import dev.ktstr.disk.ListedTemplate;
import java.io.IOException;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Locale;
import org.apache.maven.plugins.annotations.Mojo;
import org.jspecify.annotations.Nullable;

/**
 * Lists disk templates by key, those that cannot be used with the reason.
 *
 * @since 0.1.0
 */
@Mojo(name = "disk-list", requiresProject = false, threadSafe = true)
public final class DiskListMojo extends AbstractJsonMojo {

    @Override
    void run() throws IOException {
        DiskTemplates templates = templates();
        List<ListedTemplate> listed = templates.list();
        if (wantsJson()) {
            writeJson(json(listed));
        } else {
            print(templates, listed);
        }
    }

    private void print(DiskTemplates templates, List<ListedTemplate> listed) {
        getLog().info("templates: " + templates.root());
        if (listed.isEmpty()) {
            getLog().info("there is none yet; the first test disk makes one, or: mvn ktstr:disk-template");
            return;
        }
        int width = listed.stream()
                .mapToInt(each -> Printable.text(each.key()).length())
                .max()
                .orElse(0);
        String row = "  %-" + width + "s  %-9s %-9s %s";
        getLog().info(String.format(Locale.ROOT, row, "key", "size", "on disk", "made at"));
        for (ListedTemplate each : listed) {
            String key = Printable.text(each.key());
            getLog().info(each.problem()
                    .map(why -> "  " + key + "  (not usable: " + Printable.text(why) + ")")
                    .orElseGet(() -> String.format(
                            Locale.ROOT,
                            row,
                            key,
                            ByteSizes.format(each.size()),
                            ByteSizes.format(each.allocated()),
                            madeAt(each))));
        }
        long unusable =
                listed.stream().filter(each -> each.problem().isPresent()).count();
        getLog().info((listed.size() - unusable) + " usable, " + unusable + " not"
                + (unusable == 0
                        ? ""
                        : "; who needs one formats it anew, mvn ktstr:disk-clean -Dktstr.all removes all"));
    }

    private static ObjectNode json(List<ListedTemplate> listed) {
        ObjectNode document = MAPPER.createObjectNode();
        ArrayNode array = document.putArray("templates");
        for (ListedTemplate each : listed) {
            ObjectNode node = array.addObject();
            node.put("key", each.key());
            node.put("path", each.directory().toString());
            node.put("filesystem", each.filesystem().text());
            node.put("size", each.size() < 0 ? null : each.size());
            node.put("allocated", each.allocated());
            node.put("made_at", madeAt(each));
            node.put("problem", each.problem().orElse(null));
        }
        return document;
    }

    /** Whole seconds, like the time of storing of kernels. */
    private static @Nullable String madeAt(ListedTemplate template) {
        return template.madeAt()
                .map(time -> time.truncatedTo(ChronoUnit.SECONDS))
                .map(Instant::toString)
                .orElse(null);
    }
}
