//! The order of the wings, read off the `use` lines and the `crate::` paths of the source: they point down, name
//! the module that they use, and do not run in circles. The `mod.rs` of a folder and the files in it are one
//! thing in this: it declares them, and they may use what it holds.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// The wings of the library, each with those that it may import.
const ORDER: [(&str, &[&str]); 12] = [
    ("system", &[]),
    ("cbor", &["system"]),
    ("file", &["system"]),
    ("live", &["cbor", "system"]),
    ("diorama", &["cbor", "system"]),
    ("json", &["live", "diorama", "cbor", "system"]),
    // Above those that have errors of their own.
    ("error", &["json", "live", "diorama", "cbor", "file", "system"]),
    ("snapshot", &["error", "live", "diorama", "cbor", "file", "system"]),
    // It opens files as `snapshot` locates them.
    ("database", &["snapshot", "error", "file", "system"]),
    ("fixture", &["snapshot", "error", "json", "live", "diorama", "cbor", "system"]),
    ("ops", &["fixture", "database", "snapshot", "error", "json", "live", "diorama", "cbor", "file", "system"]),
    // Changing a cache.
    ("cache", &["ops", "fixture", "database", "snapshot", "error", "live", "diorama", "file", "system"]),
];

/// The program, which sees the library from outside.
const PROGRAM: [(&str, &[&str]); 5] = [
    ("output", &[]),
    ("filter", &["output"]),
    ("browse", &["filter", "output"]),
    ("cli", &["browse", "filter", "output"]),
    ("main", &["browse", "cli", "output"]),
];

type Modules = BTreeMap<String, PathBuf>;

/// Every module of the crate by its path, such as `ops/diff/text`.
fn modules() -> Modules {
    fn walk(folder: &Path, modules: &mut Modules, root: &Path) {
        for entry in fs::read_dir(folder).expect("a folder of the source") {
            let path = entry.expect("a file of the source").path();
            if path.is_dir() {
                walk(&path, modules, root);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let name = path.strip_prefix(root).expect("below the root").with_extension("");
                let name = name.to_str().expect("text").replace('\\', "/");
                modules.insert(name.strip_suffix("/mod").unwrap_or(&name).to_owned(), path);
            }
        }
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut modules = Modules::new();
    walk(&root, &mut modules, &root);
    assert!(modules.contains_key("lib") && modules.len() > 50, "the source is there");
    modules
}

/// The paths that a file imports, each as its parts; those of its unit tests are not among them.
fn imports(source: &str) -> Vec<Vec<String>> {
    let source = source.split("#[cfg(test)]\nmod tests").next().unwrap_or_default();
    let mut imports = Vec::new();
    let mut lines = source.lines();
    while let Some(line) = lines.next() {
        let whole = line.trim_start();
        let line = if whole.starts_with("pub") {
            whole.split_once("use ").map_or("", |(_, rest)| rest)
        } else {
            whole.strip_prefix("use ").unwrap_or_default()
        };
        if line.is_empty() {
            imports.extend(paths(whole));
            continue;
        }
        let mut statement = line.to_owned();
        while !statement.contains(';') {
            statement.push_str(lines.next().expect("a `use` ends").trim());
        }
        expand(&[], statement.trim_end_matches(';').trim(), &mut imports);
    }
    imports
}

/// The paths from the root of the crate that a line of code names in place.
fn paths(line: &str) -> impl Iterator<Item = Vec<String>> {
    let code = line.split("//").next().unwrap_or_default();
    code.match_indices("crate::").map(|(at, _)| {
        let is_of_path = |character: char| character.is_alphanumeric() || character == '_' || character == ':';
        let end = code[at..].find(|character| !is_of_path(character)).map_or(code.len(), |len| at + len);
        code[at..end].split("::").filter(|part| !part.is_empty()).map(str::to_owned).collect()
    })
}

/// Adds every path in a tree such as `a::{b, c::{d, e}}`.
fn expand(before: &[String], tree: &str, imports: &mut Vec<Vec<String>>) {
    let (path, group) = tree.split_once('{').map_or((tree, None), |(path, group)| (path, group.strip_suffix('}')));
    let path = path.split(" as ").next().unwrap_or_default();
    let mut parts = before.to_vec();
    parts.extend(path.split("::").map(str::trim).filter(|part| !part.is_empty()).map(str::to_owned));
    let Some(group) = group else { return imports.push(parts) };
    let (mut depth, mut start) = (0, 0);
    for (n, byte) in group.bytes().chain([b',']).enumerate() {
        match byte {
            b'{' => depth += 1,
            b'}' => depth -= 1,
            b',' if depth == 0 => {
                let item = group[start..n].trim();
                if !item.is_empty() {
                    expand(&parts, item, imports);
                }
                start = n + 1;
            }
            _ => {}
        }
    }
}

/// The module that a path in `module` leads to: the longest part of it that is one. `None` for other crates.
fn target(modules: &Modules, module: &str, path: &[String]) -> Option<String> {
    let around = |module: &str| module.rsplit_once('/').map_or(String::new(), |(around, _)| around.to_owned());
    let mut at = match path.first()?.as_str() {
        "crate" => String::new(),
        "super" => around(module),
        "self" => module.to_owned(),
        _ => return None,
    };
    for part in &path[1..] {
        let below = if part == "super" { around(&at) } else { format!("{at}/{part}") };
        let below = below.trim_start_matches('/').to_owned();
        if part != "super" && !modules.contains_key(&below) {
            break;
        }
        at = below;
    }
    Some(at)
}

/// The modules that each module imports.
fn arrows() -> BTreeMap<String, BTreeSet<String>> {
    let modules = modules();
    let mut arrows = BTreeMap::new();
    for (module, path) in &modules {
        let source = fs::read_to_string(path).expect("a file of the source");
        let targets = imports(&source).into_iter().filter_map(|import| target(&modules, module, &import));
        arrows.insert(module.clone(), targets.filter(|target| target != module).collect());
    }
    arrows
}

fn wing(module: &str) -> &str {
    module.split('/').next().unwrap_or(module)
}

#[test]
fn imports_point_down_the_order_of_the_wings() {
    let order: BTreeMap<&str, &[&str]> = ORDER.into_iter().chain(PROGRAM).collect();
    let mut up = Vec::new();
    for (module, targets) in arrows() {
        let (from, is_lib) = (wing(&module), module == "lib");
        assert!(is_lib || order.contains_key(from), "`{from}` has no place in the order");
        for target in targets.iter().filter(|target| !is_lib && wing(target) != from) {
            if !target.is_empty() && !order[from].contains(&wing(target)) {
                up.push(format!("{module} imports {target}"));
            }
        }
    }
    assert!(up.is_empty(), "{up:#?}");
}

#[test]
fn the_order_itself_has_no_way_up() {
    for (n, (wing, below)) in ORDER.iter().enumerate() {
        let is_below = |other: &&str| ORDER[..n].iter().any(|(wing, _)| wing == other);
        assert!(below.iter().all(is_below), "{wing}");
    }
}

#[test]
fn nothing_is_imported_through_the_root_of_the_crate() {
    let through: Vec<String> =
        arrows().into_iter().filter(|(_, targets)| targets.contains("")).map(|(module, _)| module).collect();
    assert!(through.is_empty(), "{through:?}");
}

#[test]
fn no_files_import_each_other_in_a_circle() {
    let arrows = arrows();
    let reach = |from: &str| {
        let mut seen = BTreeSet::new();
        let mut next: Vec<&str> = arrows[from].iter().map(String::as_str).collect();
        while let Some(module) = next.pop() {
            if !module.is_empty() && seen.insert(module) {
                next.extend(arrows[module].iter().map(String::as_str));
            }
        }
        seen
    };
    let reached: BTreeMap<&str, BTreeSet<&str>> =
        arrows.keys().map(|module| (module.as_str(), reach(module))).collect();
    let circles: BTreeSet<Vec<&str>> = reached
        .iter()
        .filter(|(module, reached)| reached.contains(*module))
        .map(|(module, ours)| ours.iter().copied().filter(|other| reached[other].contains(module)).collect())
        .collect();
    assert!(circles.is_empty(), "{circles:#?}");
}
