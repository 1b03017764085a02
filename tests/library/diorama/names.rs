//! Names of diorama's tables: what is shown of one can be typed back, whatever the name.

use crate::common::random::Random;
use crate::common::stress;
use vlive::diorama::identity::Identity;

/// What names are made of, and what could be taken for it.
const PIECES: [&str; 44] = [
    "clients",
    "?",
    "#",
    "%23",
    "%01",
    "%",
    "c",
    "1:0",
    "1:1",
    "17:",
    "4:team",
    "1:=",
    "6:t3:red",
    "q",
    "-",
    "+",
    "3:a b",
    "s",
    "4:desc",
    "n",
    "1:z",
    "z",
    "a",
    "m",
    "g",
    "9:",
    "12:4:name4:desc",
    "c1:117:4:team1:=6:t3:redq-s-n1:0",
    "c1:0q+1:xs-n1:0",
    " where ",
    " search ",
    " order by ",
    " native ",
    " hub ",
    " and ",
    "team = red",
    "\"",
    "\\u00e9",
    "日",
    "/",
    " ",
    "[1, 2.5, \"x\"]",
    "{a: h'00ff'}",
    "8([null])",
];

fn assembled(random: &mut Random) -> String {
    (0..random.below(9)).map(|_| random.one_of(&PIECES)).collect()
}

fn shown_and_read_back(identity: &Identity) {
    let shown = identity.to_string();
    assert!(!shown.contains(char::is_control), "{shown:?}");
    let read: Identity = shown.parse().unwrap_or_else(|error| panic!("{shown}: {error}"));
    assert_eq!(read.table(), identity.table(), "{shown}");
}

#[test]
fn any_name_is_read_back_from_its_readable_form() {
    let mut random = Random::new(13);
    let mut decoded = 0;
    for _ in 0..20_000 * stress::rounds() {
        let table = assembled(&mut random);
        if let Some(identity) = Identity::of_table(&table) {
            decoded += 1;
            assert_eq!(identity.table(), table);
            shown_and_read_back(&identity);
        }
    }
    assert!(decoded > 1000, "{decoded}");
}

#[test]
fn any_typed_name_means_one_table_or_is_refused_at_the_wrong_place() {
    let mut random = Random::new(31);
    let mut read = 0;
    for _ in 0..20_000 * stress::rounds() {
        let typed = assembled(&mut random);
        match typed.parse::<Identity>() {
            Ok(identity) => {
                read += 1;
                assert!(Identity::of_table(&identity.table()).is_some(), "{typed}");
                shown_and_read_back(&identity);
            }
            Err(error) => assert!(typed.is_char_boundary(error.offset()), "{typed}: {error}"),
        }
    }
    assert!(read > 1000, "{read}");
}

#[test]
fn the_sample_names_have_readable_forms() {
    for (table, shown) in [
        ("clients", "clients"),
        ("clients?c1:117:4:team1:=6:t3:redq-s-n1:0", "clients where team = red"),
        ("clients?c1:0q+7:an%01na%23%25s+12:4:name4:descn1:0", "clients search \"an\\u0001na#%\" order by name desc"),
        ("clients#session 7", "clients hub \"session 7\""),
        ("50%25%3Foff%23x/y", "50%?off#x/y"),
        ("https://h/users", "https://h/users"),
        ("clients where team = red", "\"clients where team = red\""),
        ("", "\"\""),
    ] {
        let identity = Identity::of_table(table).expect("diorama writes it");
        assert_eq!(identity.to_string(), shown);
        assert_eq!(shown.parse::<Identity>().expect("it can be typed").table(), table);
    }
}

#[test]
fn a_typed_name_may_have_other_spaces_quotes_and_an_explicit_order() {
    for typed in ["clients where team=red", "  clients   where \"team\"  = \"red\"  ", "\"clients\" where team = red"] {
        assert_eq!(typed.parse::<Identity>().unwrap().table(), "clients?c1:117:4:team1:=6:t3:redq-s-n1:0", "{typed}");
    }
    let ascending: Identity = "clients order by name asc".parse().unwrap();
    assert_eq!(ascending.to_string(), "clients order by name");
    let mixed: Identity =
        "c where n >= 2.5 and a not in [1, null] and b ~ \"x y\" native k2, k1 hub h".parse().unwrap();
    assert_eq!(
        Identity::of_table(&mixed.table()).unwrap().to_string(),
        "c where a not in [1, null] and b ~ \"x y\" and n >= 2.5 native k1, k2 hub h"
    );
}

#[test]
fn text_that_is_not_a_name_is_refused_at_the_wrong_place() {
    for (typed, message) in [
        ("", "expected a name at byte 0"),
        ("clients where", "expected a word, or text in quotes at byte 13"),
        ("clients where team", "expected one of = != > >= < <= ~ in, not in at byte 18"),
        ("clients where team = red blue", "expected a clause or the end at byte 24"),
        ("clients search \"", "expected text in quotes, as in JSON at byte 15"),
    ] {
        assert_eq!(typed.parse::<Identity>().unwrap_err().to_string(), message, "{typed}");
    }
    let deep = format!("clients where a = {}", "[".repeat(100_000));
    assert!(deep.parse::<Identity>().is_err());
    let nested = |levels| {
        let value = (0..levels).fold("z".to_owned(), |inner, _| format!("a1:1{}:{inner}", inner.len()));
        let condition = format!("1:x1:={}:{value}", value.len());
        format!("clients?c1:1{}:{condition}q-s-n1:0", condition.len())
    };
    assert!(Identity::of_table(&nested(20)).is_some());
    assert_eq!(Identity::of_table(&nested(1000)), None, "the stack is not for a name to exhaust");
}
