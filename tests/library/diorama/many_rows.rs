//! A set of many rows, which are written and summed up on all cores, against what was put into it.

use redb::{Database, ReadableTable, TableDefinition};
use serde_json::{Value as Json, json};
use vlive::diorama::row::{Status, encode};
use vlive::json::JsonStyle;
use vlive::ops::{DumpFormat, DumpStyle, RowFilter, Scope, ages, dump, list};
use vlive::{Fixture, Snapshot};

#[test]
fn a_dump_of_many_rows_of_any_kind_has_all_of_them_in_order() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cache.redb");
    let (mut rows, mut incomplete) = (serde_json::Map::new(), Vec::new());
    {
        let database = Database::create(&path).unwrap();
        let transaction = database.begin_write().unwrap();
        let mut table = transaction.open_table(TableDefinition::<&str, &[u8]>::new("clients")).unwrap();
        for n in 0..3000_u32 {
            let id = format!("{n:05}");
            // A few are large, or take far more text than they have bytes.
            let text = match n {
                700 => "x".repeat(1 << 20),
                1402 => "\u{1}".repeat(400_000),
                _ => format!("row {n}"),
            };
            if n % 97 == 5 {
                table.insert(id.as_str(), &b"\x00\x80"[..]).unwrap();
                continue;
            }
            let status = if n % 50 == 1 { Status::Incomplete } else { Status::Complete };
            let mut value = encode(&[("n".into(), n.into()), ("text".into(), text.as_str().into())].into(), status);
            if n % 41 == 3 {
                // The same fields in another order and encoding, and one of them twice.
                value = [&[status as u8, 0xbf][..], b"\x61n\x01\x64text\x61-\x61n\x19", &n.to_be_bytes()[2..]].concat();
                value.push(0xff);
                rows.insert(id.clone(), json!({"n": n, "text": "-"}));
            } else {
                rows.insert(id.clone(), json!({"n": n, "text": text}));
            }
            table.insert(id.as_str(), value.as_slice()).unwrap();
            if status == Status::Incomplete {
                incomplete.push(id);
            }
        }
        drop(table);
        transaction.commit().unwrap();
    }
    for pretty in [false, true] {
        let style = DumpStyle { json: JsonStyle { pretty, ..JsonStyle::default() }, ..DumpStyle::default() };
        let mut text = Vec::new();
        let dumped = dump(&Snapshot::open(&path).unwrap(), &Scope::all(), style, &mut text).unwrap();
        assert_eq!(dumped.unread.refused.count, 31);
        let written: Json = serde_json::from_slice(&text).unwrap();
        assert_eq!(written["clients"]["incomplete"], json!(incomplete));
        assert!(written["clients"]["rows"] == Json::Object(rows.clone()), "pretty: {pretty}");
        let again = if pretty { serde_json::to_vec_pretty(&written) } else { serde_json::to_vec(&written) }.unwrap();
        assert_eq!(text.len(), again.len(), "pretty: {pretty}");
        let text = String::from_utf8(text).unwrap();
        let ids: Vec<usize> =
            ["00000", "00006", "01402", "02999"].iter().map(|id| text.find(&format!("\"{id}\"")).unwrap()).collect();
        assert!(ids.is_sorted(), "{ids:?}");
    }

    let raw = folder.path().join("stored.jsonl");
    let style = DumpStyle { format: DumpFormat::RawLines, ..DumpStyle::default() };
    dump(&Snapshot::open(&path).unwrap(), &Scope::all(), style, std::fs::File::create(&raw).unwrap()).unwrap();
    let fixture = Fixture::open(&raw).unwrap();
    let database = Database::open(&path).unwrap();
    let transaction = database.begin_read().unwrap();
    let table = transaction.open_table(TableDefinition::<&str, &[u8]>::new("clients")).unwrap();
    let mut stored = table.iter().unwrap();
    let set = fixture.sets().next().unwrap();
    set.each_row(&mut |id, value| {
        let (stored_id, stored_value) = stored.next().unwrap().unwrap();
        assert!((id, value) == (stored_id.value(), stored_value.value()), "row {id}");
        Ok(())
    })
    .unwrap();
    assert!(stored.next().is_none());
}

#[test]
fn the_first_of_several_faults_in_many_rows_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("clients.json");
    let row = |n: u32| {
        let number = if n == 9000 || n == 9001 { "1e999".to_owned() } else { n.to_string() };
        format!("\"{n:05}\":{{\"n\":{number},\"text\":\"{}\"}}", "x".repeat(100))
    };
    let refusal = |rows: std::ops::Range<u32>, end: &str| {
        let rows: Vec<String> = rows.map(row).collect();
        let text = format!("{{\"clients\":{{\"layout\":\"diorama\",\"rows\":{{\n{}{end}", rows.join(",\n"));
        std::fs::write(&path, text).unwrap();
        Fixture::open(&path).map(|fixture| fixture.sets().map(|set| set.rows()).sum::<u64>()).map_err(|e| e.to_string())
    };
    assert_eq!(refusal(0..9000, "}}}"), Ok(9000));
    for end in ["}}}", "", "]"] {
        let refused = refusal(0..9500, end).unwrap_err();
        assert!(refused.contains("line 9002") && refused.contains("9000"), "{refused}");
    }
    let cut = refusal(0..9000, "").unwrap_err();
    assert!(cut.contains("line 9001") && !cut.contains("1e999"), "{cut}");
    let twice = refusal(0..9000, ",\"00007\":{}}}}").unwrap_err();
    assert!(twice.contains("`00007` is repeated"), "{twice}");
}

#[test]
fn sums_over_many_rows_are_exact_and_leave_out_a_damaged_page() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cache.redb");
    let text = |n: usize| if n == 4000 { "x".repeat(3 << 20) } else { format!("this is row {n}.") };
    let value = |n: usize| encode(&[("text".into(), text(n).into())].into(), Status::Complete);
    {
        let database = Database::create(&path).unwrap();
        let transaction = database.begin_write().unwrap();
        let mut table = transaction.open_table(TableDefinition::<&str, &[u8]>::new("clients")).unwrap();
        for n in 0..6000 {
            table.insert(format!("{n:05}").as_str(), value(n).as_slice()).unwrap();
        }
        drop(table);
        transaction.commit().unwrap();
    }
    let sums = || {
        let snapshot = Snapshot::open(&path).unwrap();
        let (list, ages) = (list(&snapshot).unwrap(), ages(&snapshot, &Scope::all(), false).unwrap());
        let damage = list.unread.damage.len();
        assert_eq!((damage, list.cache_keys[0].bytes), (ages.unread.damage.len(), ages.get(0).bytes));
        (damage, ages.get(0).rows, ages.get(0).bytes)
    };
    let all: usize = (0..6000).map(|n| value(n).len()).sum();
    assert_eq!(sums(), (0, 6000, all as u64));

    let whole = std::fs::read(&path).unwrap();
    for n in [0, 2718, 5999] {
        let text = text(n);
        let place = whole.windows(text.len()).position(|window| window == text.as_bytes()).unwrap();
        let mut damaged = whole.clone();
        damaged[place] ^= 1;
        std::fs::write(&path, damaged).unwrap();
        let (damage, rows, bytes) = sums();
        assert_eq!(damage, 1, "row {n}");
        // The table knows how many it has; a page of them has four kilobytes.
        assert_eq!(rows, 6000, "row {n}");
        assert!((all as u64 - 4096..all as u64).contains(&bytes), "row {n}: {bytes}");
    }
}

#[test]
fn a_filter_finds_the_one_row_that_counts_wherever_it_is_and_its_first_fault() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cache.redb");
    {
        let database = Database::create(&path).unwrap();
        let transaction = database.begin_write().unwrap();
        let mut table = transaction.open_table(TableDefinition::<&str, &[u8]>::new("clients")).unwrap();
        for n in 0..6000_u32 {
            // One is too large to be handed to another thread.
            let text = if n == 3000 { "x".repeat(3 << 20) } else { "x".repeat(80) };
            let value = encode(&[("n".into(), n.into()), ("text".into(), text.into())].into(), Status::Complete);
            table.insert(format!("{n:05}").as_str(), value.as_slice()).unwrap();
        }
        drop(table);
        transaction.commit().unwrap();
    }
    let snapshot = Snapshot::open(&path).unwrap();
    let dumped = |kept: Option<u32>, faulty: Option<u32>| {
        let filter = RowFilter::new(move |_, _, id: &str, _, _| {
            let is_row = |row: Option<u32>| row.is_some_and(|row| id == format!("{row:05}"));
            if is_row(faulty) { Err("a fault".into()) } else { Ok(is_row(kept)) }
        });
        let mut text = Vec::new();
        let dumped = dump(&snapshot, &Scope::all().keeping(filter), DumpStyle::default(), &mut text);
        dumped.map(|dumped| (dumped.matched.without_rows, text)).map_err(|error| error.to_string())
    };
    assert_eq!(dumped(None, None).unwrap().0, 1);
    for row in [0, 50, 2999, 3000, 3001, 5999] {
        let (without_rows, text) = dumped(Some(row), None).unwrap();
        let written: Json = serde_json::from_slice(&text).unwrap();
        let rows = written["clients"]["rows"].as_object().unwrap();
        assert_eq!((without_rows, rows.len(), &rows[&format!("{row:05}")]["n"]), (0, 1, &json!(row)));
        let fault = dumped(None, Some(row)).unwrap_err();
        assert!(fault.contains(&format!("`{row:05}`")), "{fault}");
    }
}
