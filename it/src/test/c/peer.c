/*
 * Another program on the same kernel store. It shares no code with ktstr for the JVM, only the directory, and does there
 * what the original ktstr does: the same locks, staging names, sweep, publishing and metadata; and, like the original, it
 * cleans without asking for locks. PeerIT lets it run beside ours.
 *
 * The boot image and the vmlinux are made of templates that have room for a mark; the mark is the entry's generation,
 * again and again. So each file says by itself whether it is whole, and all of an entry whether
 * they belong together. The generation is also the metadata's source.git_hash.
 */
#define _GNU_SOURCE
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define USAGE                                                                                                                \
  "usage: peer IMAGE VMLINUX store|pause ROOT KEY GENERATION\n"                                                              \
  "       peer IMAGE VMLINUX check ROOT KEY\n"                                                                               \
  "       peer IMAGE VMLINUX sweep|clean|free ROOT\n"                                                                        \
  "       peer IMAGE VMLINUX run ROOT SECONDS SEED strict|cleaning KEY...\n"

#define MARK "peer-mark:"
#define GENERATION 16 /* hex digits */
#define REPEATS 1024
#define KCONFIG_HASH "0badcafe"

struct bytes {
  char *at; /* with a zero byte behind */
  size_t size;
};

struct counts {
  long stored, replaced, already, lost_stores, busy, lookups, misses, runs, foreign_runs, lost, swept, cleaned, clean_errors;
};

static struct bytes image_template, vmlinux_template;
static struct counts counts;
static int root; /* directory descriptor */
static bool strict; /* nobody removes anything without a lock */
static uint64_t random_state;

static void __attribute__((noreturn, format(printf, 1, 2))) fail(const char *format, ...) {
  int error = errno;
  va_list arguments;
  va_start(arguments, format);
  printf("FAIL peer %d: ", getpid());
  vprintf(format, arguments);
  printf(" (errno %d: %s)\n", error, strerror(error));
  va_end(arguments);
  exit(1);
}

static uint64_t random_number(void) { /* xorshift64 */
  random_state ^= random_state << 13;
  random_state ^= random_state >> 7;
  random_state ^= random_state << 17;
  return random_state;
}

static void pause_ms(unsigned ms) {
  struct timespec time = {ms / 1000, ms % 1000 * 1000000L};
  nanosleep(&time, NULL);
}

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double) time.tv_sec + (double) time.tv_nsec / 1e9;
}

static bool read_file(int directory, const char *name, struct bytes *content) {
  int fd = openat(directory, name, O_RDONLY | O_CLOEXEC);
  if (fd < 0) {
    return false;
  }
  struct stat stat;
  if (fstat(fd, &stat)) {
    fail("fstat %s", name);
  }
  content->at = calloc(1, (size_t) stat.st_size + 1);
  content->size = 0;
  ssize_t n;
  while ((n = read(fd, content->at + content->size, (size_t) stat.st_size - content->size)) > 0) {
    content->size += (size_t) n;
  }
  if (n < 0) {
    fail("read %s", name);
  }
  close(fd);
  return true;
}

static void write_file(int directory, const char *name, const char *content, size_t size) {
  int fd = openat(directory, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (fd < 0) {
    fail("my staging vanished? creating %s", name);
  }
  for (size_t done = 0; done < size;) {
    ssize_t n = write(fd, content + done, size - done);
    if (n < 0) {
      fail("write %s", name);
    }
    done += (size_t) n;
  }
  close(fd);
}

/* ---- marks ---- */

static char *room(const struct bytes *file) {
  char *mark = memmem(file->at, file->size, MARK, strlen(MARK));
  size_t needed = strlen(MARK) + REPEATS * GENERATION;
  return mark == NULL || (size_t) (file->at + file->size - mark) < needed ? NULL : mark + strlen(MARK);
}

static void write_marked(int directory, const char *name, const struct bytes *template, const char *generation) {
  struct bytes copy = {malloc(template->size + 1), template->size};
  memcpy(copy.at, template->at, template->size + 1);
  char *mark = room(&copy);
  for (int i = 0; i < REPEATS; i++) {
    memcpy(mark + i * GENERATION, generation, GENERATION);
  }
  write_file(directory, name, copy.at, copy.size);
  free(copy.at);
}

/* Takes the generation out of a whole file; fails if it is not whole. False if it is not there. */
static bool marked(int directory, const char *name, char generation[GENERATION + 1]) {
  struct bytes file;
  if (!read_file(directory, name, &file)) {
    if (errno != ENOENT) {
      fail("open %s", name);
    }
    return false;
  }
  char *mark = room(&file);
  if (mark == NULL) {
    fail("torn: %s of %zu bytes has no mark", name, file.size);
  }
  for (int i = 1; i < REPEATS; i++) {
    if (memcmp(mark, mark + i * GENERATION, GENERATION)) {
      fail("torn: %s has the marks %.16s and %.16s", name, mark, mark + i * GENERATION);
    }
  }
  snprintf(generation, GENERATION + 1, "%s", mark);
  free(file.at);
  return true;
}

/* ---- metadata ---- */

static const char *skip_space(const char *at) {
  while (*at == ' ' || *at == '\n' || *at == '\t' || *at == '\r') {
    at++;
  }
  return at;
}

static const char *skip_string(const char *at) {
  if (*at++ != '"') {
    return NULL;
  }
  for (; *at != '"'; at++) {
    if ((unsigned char) *at < 0x20 || (*at == '\\' && *++at == '\0')) {
      return NULL;
    }
  }
  return at + 1;
}

/* Past a JSON value; NULL if it is none. Remembers where the value of one member of an object begins. */
static const char *skip_value(const char *at, const char *member, const char **value) {
  at = skip_space(at);
  if (*at == '"') {
    return skip_string(at);
  }
  if (*at == '{' || *at == '[') {
    char end = *at == '{' ? '}' : ']';
    at = skip_space(at + 1);
    if (*at == end) {
      return at + 1;
    }
    for (;;) {
      at = skip_space(at);
      if (end == '}') {
        const char *name = at;
        at = skip_string(at);
        if (at == NULL || *(at = skip_space(at)) != ':') {
          return NULL;
        }
        at = skip_space(at + 1);
        if (member != NULL && !strncmp(name + 1, member, strlen(member)) && name[1 + strlen(member)] == '"') {
          *value = at;
        }
      }
      at = skip_value(at, NULL, NULL);
      if (at == NULL || (*(at = skip_space(at)) != ',' && *at != end)) {
        return NULL;
      }
      if (*at++ == end) {
        return at;
      }
    }
  }
  size_t length = strspn(at, "-+.0123456789abcdefghijklmnopqrstuvwxyzE"); /* a number, true, false or null */
  return length ? at + length : NULL;
}

static const char *member(const char *object, const char *name) {
  const char *value = NULL;
  return skip_value(object, name, &value) == NULL ? NULL : value;
}

static bool is_text(const char *value, const char *text) {
  return value != NULL && *value == '"' && !strncmp(value + 1, text, strlen(text)) && value[1 + strlen(text)] == '"';
}

static bool is_bool(const char *value) {
  return value != NULL && (!strncmp(value, "true", 4) || !strncmp(value, "false", 5));
}

/* A member that may be absent or null, and else begins with one of some characters. */
static bool is_optional(const char *json, const char *name, const char *begins) {
  const char *value = member(json, name);
  return value == NULL || !strncmp(value, "null", 4) || strchr(begins, *value) != NULL;
}

static void require_metadata(const char *json) {
  const char *end = skip_value(json, NULL, NULL);
  if (end == NULL || *skip_space(end) != '\0' || *json != '{') {
    fail("torn: metadata is no JSON object: %s", json);
  }
  const char *source = member(json, "source");
  const char *required[] = {"arch", "image_name", "built_at"};
  for (size_t i = 0; i < sizeof required / sizeof *required; i++) {
    const char *value = member(json, required[i]);
    if (value == NULL || *value != '"') {
      fail("metadata without %s: %s", required[i], json);
    }
  }
  if (source == NULL || *source != '{' || !is_text(member(source, "type"), "local")
      || !is_bool(member(json, "has_vmlinux")) || !is_bool(member(json, "vmlinux_stripped"))
      || !is_optional(json, "version", "\"") || !is_optional(json, "config_hash", "\"")
      || !is_optional(json, "ktstr_kconfig_hash", "\"") || !is_optional(json, "extra_kconfig_hash", "\"")
      || !is_optional(json, "source_vmlinux_size", "0123456789")
      || !is_optional(json, "source_vmlinux_mtime_secs", "-0123456789")) {
    fail("metadata that the original refuses: %s", json);
  }
}

static void write_metadata(int directory, const char *generation) {
  char json[2048], built_at[32];
  time_t seconds = time(NULL);
  strftime(built_at, sizeof built_at, "%Y-%m-%dT%H:%M:%SZ", gmtime(&seconds));
  int size = snprintf(json, sizeof json,
      "{\n"
      "  \"version\": \"6.14.2\",\n"
      "  \"source\": {\n"
      "    \"type\": \"local\",\n"
      "    \"source_tree_path\": null,\n"
      "    \"git_hash\": \"%s\"\n"
      "  },\n"
      "  \"arch\": \"x86_64\",\n"
      "  \"image_name\": \"bzImage\",\n"
      "  \"config_hash\": \"%.8s\",\n"
      "  \"built_at\": \"%s\",\n"
      "  \"ktstr_kconfig_hash\": \"" KCONFIG_HASH "\",\n"
      "  \"extra_kconfig_hash\": null,\n"
      "  \"has_vmlinux\": true,\n"
      "  \"vmlinux_stripped\": true,\n"
      "  \"source_vmlinux_size\": %zu,\n"
      "  \"source_vmlinux_mtime_secs\": %lld\n"
      "}",
      generation, generation, built_at, vmlinux_template.size, (long long) seconds);
  write_file(directory, "metadata.json", json, (size_t) size);
}

/* ---- reading ---- */

struct entry {
  char generation[GENERATION + 1];
  char config_hash[9];
  bool foreign; /* ours is the original's way */
};

/*
 * One generation through one descriptor of its directory: it stays what it is, whatever is done to the name. False if it
 * is not there, or not whole any more, because it is being deleted.
 */
static bool read_entry(int directory, const char *key, struct entry *entry) {
  struct bytes metadata;
  if (!read_file(directory, "metadata.json", &metadata)) {
    return false;
  }
  require_metadata(metadata.at);
  char image[GENERATION + 1], vmlinux[GENERATION + 1];
  const char *recorded = member(member(metadata.at, "source"), "git_hash");
  const char *hash = member(metadata.at, "config_hash");
  snprintf(entry->generation, sizeof entry->generation, "%s", recorded == NULL ? "" : recorded + 1);
  snprintf(entry->config_hash, sizeof entry->config_hash, "%s", hash == NULL || *hash != '"' ? "" : hash + 1);
  entry->foreign = member(metadata.at, "jvm") != NULL;
  if (!is_text(member(metadata.at, "image_name"), "bzImage") || strncmp(member(metadata.at, "has_vmlinux"), "true", 4)) {
    fail("%s: not what anybody stored here: %s", key, metadata.at);
  }
  free(metadata.at);
  if (!marked(directory, "bzImage", image) || !marked(directory, "vmlinux", vmlinux)) {
    return false;
  }
  if (strcmp(image, vmlinux) || strcmp(image, entry->generation)) {
    fail("torn: %s has an image of %s, a vmlinux of %s and metadata of %s", key, image, vmlinux, entry->generation);
  }
  return true;
}

static int open_entry(const char *key) {
  int directory = openat(root, key, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (directory < 0 && errno != ENOENT) {
    fail("open %s", key);
  }
  return directory;
}

/* What the original's lookup finds, and then the whole of it. */
static bool look_up(const char *key, struct entry *entry) {
  int directory = open_entry(key);
  if (directory < 0) {
    return false;
  }
  bool found = read_entry(directory, key, entry);
  close(directory);
  return found;
}

/* Without a lock the original's readers go by path, where a file may be of the next generation: whole it must be. */
static void read_by_path(const char *key) {
  char path[PATH_MAX], generation[GENERATION + 1];
  snprintf(path, sizeof path, "%s/bzImage", key);
  counts.lookups++;
  struct entry entry;
  if (!marked(root, path, generation) || !look_up(key, &entry)) {
    counts.misses++;
  }
}

/* ---- locks ---- */

/* Waits by asking again every 100 ms, as the original does; -1 when the time is over. */
static int lock(const char *key, int operation, double seconds) {
  char path[PATH_MAX];
  if (mkdirat(root, ".locks", 0777) && errno != EEXIST) {
    fail("mkdir .locks");
  }
  snprintf(path, sizeof path, ".locks/%s.lock", key);
  for (double deadline = now() + seconds;;) {
    int fd = openat(root, path, O_CREAT | O_RDWR | O_CLOEXEC, 0666);
    if (fd < 0) {
      fail("open %s", path);
    }
    if (!flock(fd, operation | LOCK_NB)) {
      return fd;
    }
    if (errno != EWOULDBLOCK) {
      fail("flock %s", path);
    }
    close(fd);
    if (now() >= deadline) {
      counts.busy++;
      return -1;
    }
    pause_ms(100);
  }
}

/* Every lock that is still held; the test ends with none. */
static void require_free_locks(void) {
  int locks = openat(root, ".locks", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  DIR *names = locks < 0 ? NULL : fdopendir(locks);
  if (names == NULL) {
    fail("open .locks");
  }
  int tried = 0;
  for (struct dirent *each; (each = readdir(names)) != NULL;) {
    size_t length = strlen(each->d_name);
    if (length > 5 && !strcmp(each->d_name + length - 5, ".lock")) {
      int fd = openat(locks, each->d_name, O_RDWR | O_CLOEXEC);
      if (fd < 0 || flock(fd, LOCK_EX | LOCK_NB)) {
        fail("%s is held", each->d_name);
      }
      close(fd);
      tried++;
    }
  }
  closedir(names);
  printf("free=%d\n", tried);
}

/* ---- removing ---- */

/* Removes whatever is under a name, through descriptors, so that a directory that is renamed meanwhile is not confused. */
static int remove_tree(int parent, const char *name) {
  struct stat stat;
  if (fstatat(parent, name, &stat, AT_SYMLINK_NOFOLLOW)) {
    return -1;
  }
  if (S_ISLNK(stat.st_mode)) {
    return unlinkat(parent, name, 0);
  }
  int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  DIR *directory = fd < 0 ? NULL : fdopendir(fd);
  if (directory == NULL) {
    return -1;
  }
  int result = 0;
  for (struct dirent *each; result == 0 && (each = readdir(directory)) != NULL;) {
    if (strcmp(each->d_name, ".") && strcmp(each->d_name, "..")) {
      result = unlinkat(fd, each->d_name, 0);
      if (result && errno == EISDIR) {
        result = remove_tree(fd, each->d_name);
      }
      if (result && errno == ENOENT) {
        result = 0;
      }
    }
  }
  int error = errno;
  closedir(directory);
  errno = error;
  return result ? result : unlinkat(parent, name, AT_REMOVEDIR);
}

/* Calls a function with every name in the root. */
static void each_name(void (*function)(const char *name)) {
  int fd = openat(root, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  DIR *names = fd < 0 ? NULL : fdopendir(fd);
  if (names == NULL) {
    fail("open the root");
  }
  for (struct dirent *each; (each = readdir(names)) != NULL;) {
    function(each->d_name);
  }
  closedir(names);
}

/* The original goes by the pid behind the last dash, whoever's it is; no lock is asked for. */
static void sweep_one(const char *name) {
  if (strncmp(name, ".tmp-", 5)) {
    return;
  }
  const char *text = strrchr(name, '-') + 1;
  char *end;
  errno = 0;
  long pid = strtol(text, &end, 10);
  bool is_number = (isdigit((unsigned char) *text) || *text == '+') && *end == '\0' && errno == 0;
  if (is_number && pid > 0 && pid <= INT_MAX && kill((pid_t) pid, 0) && errno == ESRCH && !remove_tree(root, name)) {
    counts.swept++;
  }
}

static void clean_one(const char *key) {
  struct stat stat;
  if (*key != '.' && !fstatat(root, key, &stat, 0) && S_ISDIR(stat.st_mode)) {
    if (remove_tree(root, key)) {
      counts.clean_errors++; /* a new one has come under this name, or somebody else removes it too */
    } else {
      counts.cleaned++;
    }
  }
}

/* ---- storing ---- */

enum outcome { STORED, REPLACED, ALREADY, LOST, BUSY };
static const char *const OUTCOMES[] = {"stored", "replaced", "already", "lost", "busy"};

static void require_staged(int staging) {
  const char *names[] = {"bzImage", "vmlinux", "metadata.json"};
  struct stat stat;
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    if (fstatat(staging, names[i], &stat, 0)) {
      fail("my staging vanished: %s", names[i]);
    }
  }
}

static enum outcome publish(const char *staging, const char *key) {
  if (!renameat(root, staging, root, key)) {
    return STORED;
  }
  if (errno != ENOTEMPTY && errno != EEXIST) {
    fail("rename %s", staging);
  }
  if (!renameat2(root, staging, root, key, RENAME_EXCHANGE)) {
    return REPLACED;
  }
  struct stat stat;
  if (strict || errno != ENOENT || fstatat(root, staging, &stat, 0)) {
    fail("RENAME_EXCHANGE %s", staging);
  }
  return LOST; /* the old one was cleaned between the two calls; the original fails here as well */
}

/* dies: leave everything behind half-way. pauses: with everything staged, until a line comes. */
static enum outcome store(const char *key, const char *generation, double patience, bool dies, bool pauses) {
  int guard = lock(key, LOCK_EX, patience);
  if (guard < 0) {
    return BUSY;
  }
  struct entry present;
  if (!dies && look_up(key, &present) && !present.foreign && !strncmp(present.config_hash, generation, 8)) {
    close(guard);
    return ALREADY;
  }
  char staging[NAME_MAX + 1];
  snprintf(staging, sizeof staging, ".tmp-%s-%d", key, getpid());
  if (remove_tree(root, staging) && errno != ENOENT) {
    fail("removing %s of a process before me", staging);
  }
  each_name(sweep_one);
  if (mkdirat(root, staging, 0777)) {
    fail("mkdir %s", staging);
  }
  int directory = openat(root, staging, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  write_marked(directory, "bzImage", &image_template, generation);
  if (dies) {
    _exit(0);
  }
  pause_ms((unsigned) (random_number() % 4)); /* the strip takes its time, too */
  write_marked(directory, "vmlinux", &vmlinux_template, generation);
  write_metadata(directory, generation);
  if (pauses) {
    puts("staged");
    fflush(stdout);
    getchar();
  }
  require_staged(directory);
  close(directory);
  enum outcome outcome = publish(staging, key);
  remove_tree(root, staging); /* the old one; whatever goes wrong, a sweep ends it */
  close(guard);
  return outcome;
}

/* ---- what a run does ---- */

static enum outcome counted_store(const char *key, const char *generation) {
  enum outcome outcome = store(key, generation, 5, false, false);
  switch (outcome) {
    case STORED: counts.stored++; break;
    case REPLACED: counts.replaced++; break;
    case ALREADY: counts.already++; break;
    case LOST: counts.lost_stores++; break;
    case BUSY: break; /* lock() has counted it */
  }
  return outcome;
}

static void random_store(const char *key) {
  char generation[GENERATION + 1];
  snprintf(generation, sizeof generation, "%016llx", (unsigned long long) random_number());
  if (counted_store(key, generation) != BUSY && random_number() % 6 == 0) {
    counted_store(key, generation);
  }
}

/* A process of ours that ends in the middle of a store; somebody may kill it before. */
static void dying_store(const char *key) {
  fflush(stdout);
  pid_t child = fork();
  if (child == 0) {
    store(key, "0123456789abcdef", 1, true, false);
    _exit(0);
  }
  int status;
  if (child < 0 || waitpid(child, &status, 0) != child || (status && !WIFSIGNALED(status))) {
    fail("a child that was to die");
  }
}

/* A test run, which holds its kernel shared for as long as it uses the files. */
static void test_run(const char *key) {
  int guard = lock(key, LOCK_SH, 10);
  int directory = guard < 0 ? -1 : open_entry(key);
  if (directory >= 0) {
    struct entry before, after;
    struct stat opened, named;
    bool whole = read_entry(directory, key, &before);
    pause_ms((unsigned) (random_number() % 20));
    whole = whole && read_entry(directory, key, &after) && !fstatat(root, key, &named, 0) && !fstat(directory, &opened)
        && named.st_ino == opened.st_ino;
    if (whole) {
      if (strcmp(before.generation, after.generation)) {
        fail("torn: %s changed from %s to %s under a shared lock", key, before.generation, after.generation);
      }
      counts.runs++;
      counts.foreign_runs += before.foreign;
    } else if (strict) {
      fail("%s was taken away under a shared lock", key);
    } else {
      counts.lost++;
    }
    close(directory);
  }
  if (guard >= 0) {
    close(guard);
  }
}

static void run(double seconds, char **keys, unsigned key_count) {
  for (double end = now() + seconds; now() < end;) {
    const char *key = keys[random_number() % key_count];
    unsigned dice = (unsigned) (random_number() % 100);
    if (dice < 30) {
      random_store(key);
    } else if (dice < 33) {
      dying_store(key);
    } else if (dice < 60) {
      test_run(key);
    } else if (dice < 88) {
      read_by_path(key);
    } else if (dice < 92 || strict) {
      each_name(sweep_one);
    } else {
      each_name(clean_one);
    }
    pause_ms((unsigned) (random_number() % 10)); /* or nobody who polls every 100 ms ever got a lock */
  }
  printf("stored=%ld\nreplaced=%ld\nalready=%ld\nlost-stores=%ld\nbusy=%ld\nlookups=%ld\nmisses=%ld\nruns=%ld\n"
         "foreign-runs=%ld\nlost=%ld\nswept=%ld\ncleaned=%ld\nclean-errors=%ld\n",
      counts.stored, counts.replaced, counts.already, counts.lost_stores, counts.busy, counts.lookups, counts.misses,
      counts.runs, counts.foreign_runs, counts.lost, counts.swept, counts.cleaned, counts.clean_errors);
}

static struct bytes template(const char *path) {
  struct bytes file;
  if (!read_file(AT_FDCWD, path, &file) || room(&file) == NULL) {
    fail("%s is no template", path);
  }
  return file;
}

int main(int count, char **words) {
  if (count < 5) {
    fputs(USAGE, stderr);
    return 2;
  }
  const char *command = words[3];
  image_template = template(words[1]);
  vmlinux_template = template(words[2]);
  if (mkdir(words[4], 0777) && errno != EEXIST) {
    fail("mkdir %s", words[4]);
  }
  root = open(words[4], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (root < 0) {
    fail("open %s", words[4]);
  }
  random_state = (uint64_t) getpid() * 2654435761u;
  if ((!strcmp(command, "store") || !strcmp(command, "pause")) && count == 7 && strlen(words[6]) == GENERATION) {
    puts(OUTCOMES[store(words[5], words[6], 300, false, *command == 'p')]);
  } else if (!strcmp(command, "check") && count == 6) {
    struct entry entry;
    strict = true;
    if (!look_up(words[5], &entry)) {
      fail("%s is not there, or not whole", words[5]);
    }
    puts(entry.generation);
  } else if (!strcmp(command, "sweep") && count == 5) {
    each_name(sweep_one);
    printf("swept=%ld\n", counts.swept);
  } else if (!strcmp(command, "clean") && count == 5) {
    each_name(clean_one);
    printf("cleaned=%ld\n", counts.cleaned);
  } else if (!strcmp(command, "free") && count == 5) {
    require_free_locks();
  } else if (!strcmp(command, "run") && count > 8) {
    random_state = strtoull(words[6], NULL, 10) * 2862933555777941757u + 3037000493u;
    strict = !strcmp(words[7], "strict");
    run(atof(words[5]), words + 8, (unsigned) count - 8);
  } else {
    fputs(USAGE, stderr);
    return 2;
  }
  return 0;
}
