//! `put`, `load`, `touch` and `invalidate` killed at any instant, and writes that the system refuses.

use crate::app::{runtime, vantage_live};
use crate::common::layout::{Layout, of_each_layout};
use crate::common::random::Random;
use crate::common::stress::{rounds, seeds};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use vantage_live::cache::Cache;
use vlive::{Selection, Snapshot};

const KEYS: [&str; 4] = ["k/a", "k/b", "other/a", "other/b"];

/// The number in each entry, and the seconds that it is dated by.
type Contents = BTreeMap<&'static str, (String, u64)>;

fn seconds(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH).unwrap().as_secs()
}

/// What is in the cache: the number in each entry, and its time.
fn contents(layout: Layout, cache: &Path) -> Contents {
    let snapshot = Snapshot::open(cache).unwrap();
    let known = |key: &str| KEYS.into_iter().find(|known| *known == key).unwrap();
    match layout {
        Layout::Live => snapshot
            .entries(&Selection::All)
            .unwrap()
            .map(|entry| {
                let entry = entry.unwrap();
                let rows = vlive::CachedRows::decode(entry.value()).unwrap();
                let number = rows.rows.keys().next().unwrap().clone();
                (known(&entry.key().to_string()), (number, seconds(rows.fetched_at)))
            })
            .collect(),
        Layout::Diorama => snapshot
            .sets()
            .unwrap()
            .iter()
            .map(|set| {
                let rows: Vec<_> = snapshot.rows(set).map(|row| row.unwrap().id().to_owned()).collect();
                assert_eq!((rows.len(), set.meta().copied_at), (1, set.meta().refreshed_at), "half a set");
                (known(set.name()), (rows[0].clone(), set.fetched_at().unwrap()))
            })
            .collect(),
    }
}

/// The contents as the app reads them, which must be able to open the cache.
fn by_the_app(layout: Layout, folder: &Path) -> Contents {
    if layout == Layout::Live {
        return by_vantage_live(folder);
    }
    let stored = Layout::Diorama.by_redb(&folder.join("vlive.redb")).expect("redb opens it");
    let number = |set: &str| stored.keys().find_map(|key| key.strip_prefix(&format!("{set}\0"))).map(str::to_owned);
    let time = |set: &str| {
        let stamp = stored[&format!("{set}\u{1}meta\0refreshed_at")].as_slice();
        u64::from_le_bytes(stamp.try_into().unwrap()) / 1_000_000_000
    };
    KEYS.into_iter().filter_map(|set| Some((set, (number(set)?, time(set))))).collect()
}

/// The contents as vantage-live reads them.
fn by_vantage_live(folder: &Path) -> Contents {
    let (runtime, cache) = (runtime(), vantage_live(folder));
    let number = |key| {
        let rows = runtime.block_on(cache.get(key)).unwrap()?;
        let (number, _) = rows.rows.first().unwrap();
        Some((key, (number.clone(), seconds(rows.fetched_at))))
    };
    KEYS.into_iter().filter_map(number).collect()
}

fn vlive(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_vlive"));
    command.args(arguments).arg("-C").arg(folder).stdout(Stdio::null()).stderr(Stdio::null());
    command
}

/// Writes that are killed before they say that they are done.
const KILLS: u64 = 20;

/// The `n`th write, and what it leaves if it is not killed. Every row that it writes is named by its number.
fn write(
    layout: Layout,
    cache: &Path,
    input: &Path,
    n: u32,
    model: &Contents,
    random: &mut Random,
) -> (Command, Contents) {
    let key = random.one_of(&KEYS);
    let mut next = model.clone();
    let number = n.to_string();
    let rows = |random: &mut Random| {
        let padding = "x".repeat(random.below(100_000));
        format!(r#"{{"{number}": {{"padding": "{padding}"}}}}"#)
    };
    let time = random.next() >> random.below(64) >> 1;
    let (time, layout_option) = match layout {
        Layout::Live => (time, "--as=live"),
        // It keeps nanoseconds.
        Layout::Diorama => (time % (1 << 34), "--as=diorama"),
    };
    let fetched_at = format!("--fetched-at=@{time}");
    let (path, cache_key) = (input.to_str().unwrap(), |key: &'static str| key.split('/').next());
    let command = match random.below(6) {
        0 => {
            // Each key is the name of a set.
            let prefix = if layout == Layout::Live { cache_key(key).unwrap() } else { key };
            next.retain(|key, _| *key != prefix && (layout == Layout::Diorama || cache_key(key) != Some(prefix)));
            vlive(cache, &["invalidate", prefix])
        }
        1 => {
            for (_, dated) in next.values_mut() {
                *dated = time;
            }
            vlive(cache, &["touch", "--all", &fetched_at])
        }
        2 | 3 => {
            fs::write(input, rows(random)).unwrap();
            next.insert(key, (number, time));
            vlive(cache, &["put", key, path, &fetched_at, layout_option])
        }
        _ => {
            let keys: Vec<&str> = KEYS.into_iter().filter(|_| random.below(2) == 0).collect();
            let lines = keys.iter().map(|key| format!("{{\"key\": \"{key}\", \"rows\": {}}}\n", rows(random)));
            // A cache without entries is an empty document, and not nothing.
            let document = if keys.is_empty() { "{}".to_owned() } else { lines.collect() };
            fs::write(input, document).unwrap();
            let options: &[&str] = random.one_of(&[&[], &["--replace"], &["--clear"]]);
            next.retain(|key, _| match options {
                ["--replace"] if layout == Layout::Live => {
                    !keys.iter().any(|loaded| cache_key(loaded) == cache_key(key))
                }
                ["--clear"] => false,
                _ => true,
            });
            next.extend(keys.into_iter().map(|key| (key, (number.clone(), time))));
            vlive(cache, &[&["load", path, &fetched_at, layout_option], options].concat())
        }
    };
    (command, next)
}

of_each_layout!(a_killed_write_is_whole_or_absent_and_acknowledged_writes_stay, kill_over_and_over);

fn kill_over_and_over(layout: Layout) {
    let wanted = KILLS * rounds();
    let mut killed = 0;
    // About every second try is in time; should a machine be too fast for that, there is an end.
    for seed in seeds(4) {
        if killed >= wanted {
            break;
        }
        let folder = tempfile::tempdir().unwrap();
        let input = folder.path().join("rows.json");
        let cache = folder.path().join("cache");
        let mut random = Random::new(seed);
        let mut model = Contents::new();
        // How long a write takes here. A busy machine needs longer than any guess for the first one.
        let mut typical = Duration::from_millis(20);
        for n in 0..60 {
            let (mut command, next) = write(layout, &cache, &input, n, &model, &mut random);
            let existed = cache.join("vlive.redb").exists();
            let begun = Instant::now();
            let mut child = command.spawn().unwrap();
            thread::sleep(typical * u32::try_from(random.below(1000)).unwrap() / 800);
            child.kill().unwrap();
            let status = child.wait().unwrap();
            let acknowledged = status.success();
            // A write that fails by itself does so on what an earlier one left when it was killed.
            assert!(acknowledged || cfg!(windows) || status.code().is_none() || !existed, "{seed} {n}: {status}");
            if acknowledged {
                typical = begun.elapsed();
            } else if existed {
                killed += 1;
            } else {
                typical *= 2;
            }
            if !cache.join("vlive.redb").exists() {
                assert!(
                    !acknowledged || next.is_empty(),
                    "{seed} {n}: {command:?} leaves no file, and {next:?} was acknowledged"
                );
                continue;
            }
            let seen = contents(layout, &cache);
            assert!(
                seen == next || seen == model && !acknowledged,
                "{seed} {n}: {model:?}, then {next:?}, is {seen:?}"
            );
            if random.below(3) == 0 {
                assert_eq!(by_the_app(layout, &cache), seen, "{seed} {n}");
            }
            model = seen;
        }
    }
    assert!(killed >= wanted, "only {killed} of {wanted} writes were killed in time");
}

/// Unix removes a folder that is in use; the open file lives on without a name.
#[test]
#[cfg(unix)]
fn a_folder_removed_while_open_stays_removed_and_causes_no_panic() {
    let outer = tempfile::tempdir().unwrap();
    let folder = outer.path().join("cache");
    for key in KEYS {
        let cache = vlive::Cache::create(&folder).unwrap();
        let rows = vlive::CachedRows::new(indexmap::IndexMap::default());
        if key != KEYS[0] {
            cache.put("k/a", &rows).unwrap();
        }
        fs::remove_dir_all(&folder).unwrap();
        for _ in 0..2 {
            for error in [cache.put(key, &rows).err(), cache.invalidate_prefix("k").err(), cache.get(key).err()] {
                assert!(error.is_none_or(|error| !matches!(error, vlive::Error::RedbPanicked { .. })));
            }
        }
        drop(cache);
        assert_eq!(fs::read_dir(outer.path()).unwrap().count(), 0, "something was created");
        // Only a put creates it again.
        assert!(matches!(Snapshot::open(&folder), Err(vlive::Error::Missing { .. })));
        assert!(matches!(vlive::Cache::open(&folder), Err(vlive::Error::Missing { .. })));
        assert_eq!(fs::read_dir(outer.path()).unwrap().count(), 0, "something was created");
    }
}

/// Needs a shell that can limit the size of files; every one on Unix can.
#[test]
#[cfg(unix)]
fn a_limit_on_the_size_of_files_fails_the_write_and_leaves_the_cache_as_it_was() {
    for (layout, option) in [(Layout::Live, "--as=live"), (Layout::Diorama, "--as=diorama")] {
        let folder = tempfile::tempdir().unwrap();
        let input = folder.path().join("rows.json");
        fs::write(&input, r#"{"first": {}}"#).unwrap();
        let put = ["put", "k/a", input.to_str().unwrap(), option];
        assert!(vlive(folder.path(), &put).status().unwrap().success());
        fs::write(&input, format!(r#"{{"second": {{"padding": "{}"}}}}"#, "x".repeat(6 << 20))).unwrap();
        // In blocks of 512 bytes: more than the cache has, less than it would need. The entry itself stays in memory.
        let script = "ulimit -f 8192; trap '' XFSZ; exec \"$@\"";
        let output = Command::new("sh")
            .args(["-c", script, "sh", env!("CARGO_BIN_EXE_vlive"), "put", "k/a", "rows.json", option, "-C", "."])
            .current_dir(folder.path())
            .output()
            .unwrap();
        let message = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(3), "{message}");
        assert!(message.starts_with("error: cannot write to `./vlive.redb`: File too large"), "{message}");
        let left = by_the_app(layout, folder.path()).into_iter().map(|(key, (number, _))| (key, number));
        assert_eq!(left.collect::<Vec<_>>(), [("k/a", "first".to_owned())], "{layout:?}");
    }
}

#[test]
#[cfg(unix)]
fn links_are_followed_and_the_file_keeps_its_mode_with_nothing_beside_it() {
    use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
    let folder = tempfile::tempdir().unwrap();
    let [real, linked_folder, linked_file] =
        ["real", "linked-folder", "linked-file"].map(|name| folder.path().join(name));
    let input = folder.path().join("rows.json");
    fs::write(&input, r#"{"1": {}}"#).unwrap();
    let put = |at: &Path| assert!(vlive(at, &["put", "k/a", input.to_str().unwrap()]).status().unwrap().success());
    put(&real);
    symlink(&real, &linked_folder).unwrap();
    fs::create_dir(&linked_file).unwrap();
    symlink(real.join("vlive.redb"), linked_file.join("vlive.redb")).unwrap();
    fs::set_permissions(real.join("vlive.redb"), fs::Permissions::from_mode(0o640)).unwrap();
    let before = fs::metadata(real.join("vlive.redb")).unwrap();
    put(&linked_folder);
    put(&linked_file);
    put(&linked_file.join("vlive.redb"));
    let after = fs::metadata(real.join("vlive.redb")).unwrap();
    assert_eq!((after.mode(), after.ino(), after.uid()), (before.mode(), before.ino(), before.uid()));
    assert!(fs::symlink_metadata(linked_file.join("vlive.redb")).unwrap().is_symlink());
    assert_eq!(fs::read_dir(&real).unwrap().count(), 1);
}
