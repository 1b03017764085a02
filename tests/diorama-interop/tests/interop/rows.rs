//! Rows as the real diorama writes and reads them, and as vlive does.

use crate::app::{pairs, table};
use crate::random::Random;
use ciborium::Value;
use redb::Database;
use vantage_diorama::{CacheBackend, CacheStatus, RedbCache};
use vantage_types::Record;
use vlive::diorama::row::{RowView, Status, encode};

const TABLE: &str = "t";

fn records(random: &mut Random, count: usize) -> Vec<(Record<Value>, CacheStatus)> {
    let record = |_| {
        let fields = (0..random.below(6)).map(|_| (random.text(), random.value(3))).collect();
        (fields, if random.below(3) == 0 { CacheStatus::Incomplete } else { CacheStatus::Complete })
    };
    (0..count).map(record).collect()
}

fn status(status: CacheStatus) -> Status {
    match status {
        CacheStatus::Complete => Status::Complete,
        CacheStatus::Incomplete => Status::Incomplete,
        other => panic!("{other:?} is news"),
    }
}

fn fields(record: &Record<Value>) -> indexmap::IndexMap<String, Value> {
    record.iter().map(|(name, value)| (name.clone(), value.clone())).collect()
}

/// As text, in which NaN equals itself.
fn text(fields: &indexmap::IndexMap<String, Value>) -> String {
    format!("{fields:?}")
}

#[tokio::test]
async fn random_rows_have_the_bytes_that_diorama_writes_and_are_read_as_it_reads_them() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("rows.redb");
    let records = records(&mut Random::new(1), 2000);
    let cache = RedbCache::open(&file).unwrap();
    let rows = cache.open_table(TABLE).await.unwrap();
    // One by one as apps do would sync for each.
    for (n, (record, status)) in records.iter().enumerate().take(200) {
        rows.insert_value_with_status(&format!("{n:04}"), record, *status).await.unwrap();
    }
    let complete = records.iter().enumerate().skip(200).map(|(n, (record, _))| (format!("{n:04}"), record.clone()));
    rows.insert_values(complete.collect()).await.unwrap();
    drop((rows, cache));

    let written = pairs(&file, TABLE);
    assert_eq!(written.len(), records.len());
    for (n, ((_, bytes), (record, stated))) in written.iter().zip(&records).enumerate() {
        let stated = if n < 200 { status(*stated) } else { Status::Complete };
        assert_eq!(&encode(&fields(record), stated), bytes, "row {n}");
        let view = RowView::new(bytes).unwrap_or_else(|error| panic!("row {n}: {error}"));
        assert_eq!((view.status(), text(&view.decode())), (stated, text(&fields(record))), "row {n}");
        assert_eq!(view.deviations(), [], "row {n}");
    }
}

/// Rows made strange in one place or several.
fn hostile(random: &mut Random, count: usize) -> Vec<Vec<u8>> {
    let records = records(random, count);
    let mut values: Vec<_> = records.iter().map(|(record, stated)| encode(&fields(record), status(*stated))).collect();
    for value in &mut values {
        for _ in 0..=random.below(3) {
            let at = random.below(value.len());
            match random.below(5) {
                0 => value.truncate(at),
                1 => value[at] = random.below(256).try_into().unwrap(),
                2 => value[at] ^= 1 << random.below(8),
                3 => value.insert(at, [0x00, 0x01, 0x60, 0x9f, 0xa1, 0xbf, 0xc2, 0xf7, 0xff][random.below(9)]),
                _ => drop(value.remove(at)),
            }
            if value.is_empty() {
                break;
            }
        }
    }
    values
}

/// Rows of the places where diorama's answer turns.
fn edges() -> Vec<Vec<u8>> {
    let deep = |levels: usize| [b"\x00\xa1\x61f".to_vec(), vec![0x81; levels], vec![0x00]].concat();
    let mut edges: Vec<_> = (250..260).map(deep).collect();
    let deep_tags = |levels: usize| [b"\xa1\x61f".to_vec(), vec![0xc6; levels], vec![0x00]].concat();
    edges.extend((250..260).map(deep_tags));
    edges.extend((0..=255).map(|first| vec![first]));
    edges.extend((0..=255).map(|first| vec![first, 0xa0]));
    edges.extend((0..=255).map(|first| vec![0x01, first, 0x61, b'a', 0x00]));
    edges
}

#[tokio::test]
async fn hostile_rows_are_refused_or_read_as_diorama_refuses_or_reads_them() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("rows.redb");
    let mut values = hostile(&mut Random::new(2), 6000);
    values.extend(edges());
    {
        let db = Database::create(&file).unwrap();
        let transaction = db.begin_write().unwrap();
        {
            let mut rows = transaction.open_table(table(TABLE)).unwrap();
            for (n, value) in values.iter().enumerate() {
                rows.insert(format!("{n:04}").as_str(), value.as_slice()).unwrap();
            }
        }
        transaction.commit().unwrap();
    }
    let cache = RedbCache::open(&file).unwrap();
    let rows = cache.open_table(TABLE).await.unwrap();
    let (mut read, mut refused) = (0, 0);
    for (n, value) in values.iter().enumerate() {
        let diorama = rows.get_value_with_status(&format!("{n:04}")).await;
        match (diorama, RowView::new(value)) {
            (Ok(Some((record, stated))), Ok(view)) => {
                read += 1;
                let own = (view.status(), text(&view.decode()));
                assert_eq!(own, (status(stated), text(&fields(&record))), "{value:02x?}");
                // What is written again is what diorama would write, and nothing is left to say of it.
                let again = encode(&view.decode(), view.status());
                assert_eq!(RowView::new(&again).unwrap().deviations(), []);
                assert_eq!(view.deviations().is_empty(), again == *value, "{value:02x?}");
            }
            (Err(_), Err(_)) => refused += 1,
            (diorama, own) => panic!("{value:02x?}: diorama {diorama:?}, vlive {own:?}"),
        }
    }
    assert!(read > 500 && refused > 1000, "{read} read, {refused} refused");
    assert!(rows.list_values().await.is_err(), "one row that is refused makes its table unlistable");
}
