use super::sample::{NOW, answer, key, known, press, sample, settle};
use super::*;

/// What must hold whatever was pressed.
fn check(state: &State) {
    let tree = &state.tree;
    assert!(tree.cursor < tree.lines.len().max(1));
    assert!(tree.top <= tree.cursor && tree.cursor < tree.top + state.height);
    for line in &tree.lines {
        assert_eq!(line.summary.is_none(), tree.known(&line.node).is_some(), "{line:?}");
    }
    // The right side shows what the cursor is on.
    let key = tree.node().and_then(Node::key);
    assert_eq!(state.content.as_ref().map(|content| &content.key), key.as_ref());
    match &state.content {
        Some(content) => {
            assert!(content.row < content.len().max(1) && content.top <= content.row);
            assert!(content.row < content.top + state.height);
            assert!(state.focus == Focus::Keys || content.can_be_entered());
        }
        None => assert_eq!(state.focus, Focus::Keys),
    }
    if let Some(Dialog::Places { places, cursor, .. }) = &state.dialog {
        assert!(*cursor < places.len());
    }
}

/// Every key that does something.
fn bound() -> impl Iterator<Item = KeyCode> {
    bindings::BINDINGS.iter().flat_map(|binding| binding.codes.iter().copied())
}

struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).expect("31 bits") % bound
    }

    fn random_key(&mut self) -> EntryKey {
        let (cache_key, number) = (self.below(4), self.below(30));
        key(&match self.below(3) {
            0 => format!("k{cache_key}/id/{number}"),
            1 => format!("k{cache_key}//h/{number}"),
            _ => format!("k{cache_key}/page_{number}"),
        })
    }

    fn input(&mut self, keys: &[KeyCode], n: u64) -> Input {
        match self.below(14) {
            0 | 1 => {
                let known = (self.below(3) > 0).then(|| known(n, n));
                let event = if known.is_some() { Event::Added } else { Event::Removed };
                Input::Seen { commit: n, is_first: false, changes: vec![(self.random_key(), event, known)] }
            }
            2 => Input::Height(self.below(30)),
            3 => Input::Click(if self.below(2) == 0 { Side::Left } else { Side::Right }, self.below(30)),
            4 => Input::Tick(NOW + n),
            5 => Input::Scroll(self.below(9).cast_signed() - 4),
            6 => Input::Paste("x\u{1b}q日".to_owned()),
            _ => Input::Key(keys[self.below(keys.len())]),
        }
    }

    /// What the world answers to an effect.
    fn reaction(&mut self, effect: Effect) -> Option<Input> {
        let is_refused = self.below(4) == 0;
        let refused = || "no".to_owned();
        let place =
            Place { key: self.random_key(), id: (self.below(2) == 0).then(|| "3".to_owned()), text: String::new() };
        let plan = Plan {
            command: String::new(),
            keys: vec![String::new(); self.below(50)],
            notes: Vec::new(),
            leaves_narrowed: self.below(2) == 0,
        };
        Some(match effect {
            Effect::Find(pattern) if is_refused => Input::Found(pattern, Err(refused())),
            Effect::Find(pattern) => Input::Found(pattern, Ok((vec![place; self.below(40)], true))),
            Effect::Difference(_) if is_refused => Input::Differs(Err(refused())),
            Effect::Difference(_) => {
                Input::Differs(Ok(Text { title: String::new(), lines: vec![(None, String::new()); self.below(40)] }))
            }
            Effect::Plan(change) if is_refused => Input::Planned(change, Err(refused())),
            Effect::Plan(change) => Input::Planned(change, Ok(plan)),
            Effect::Apply(..) if is_refused => Input::Changed(Err(refused())),
            Effect::Apply(..) => Input::Changed(Ok(String::new())),
            Effect::Copy(_) | Effect::Print(_) | Effect::Quit => return None,
        })
    }
}

#[test]
fn no_keys_and_no_commits_lead_to_an_impossible_state() {
    let typed = "page_\u{301}日3hb".chars().map(KeyCode::Char);
    let others = [KeyCode::F(1), KeyCode::Delete, KeyCode::Insert, KeyCode::Null];
    let keys: Vec<KeyCode> = bound().chain(typed).chain(others).collect();
    let mut random = Random(1);
    for _ in 0..100 {
        let mut state = sample();
        for n in 0..300 {
            let input = random.input(&keys, n);
            if let Some(effect) = state.update(input)
                && let Some(reaction) = random.reaction(effect)
            {
                state.update(reaction);
            }
            if random.below(3) > 0 {
                let rows: Vec<(String, vlive::Record)> =
                    (0..random.below(60)).map(|n| (n.to_string(), vlive::Record::new())).collect();
                let rows: Vec<(&str, vlive::Record)> =
                    rows.iter().map(|(id, record)| (id.as_str(), record.clone())).collect();
                // Some answers never come.
                for _ in 0..4 {
                    let Some(wanted) = state.settle() else { break };
                    let mut answer = answer(&wanted, &rows);
                    if let Input::Answer(answer) = &mut answer
                        && random.below(5) == 0
                    {
                        answer.window = Err("gone".to_owned());
                    }
                    state.update(answer);
                }
                state.settle();
                check(&state);
            }
        }
    }
}

fn shown(state: &State) -> Vec<String> {
    state.tree.lines.iter().map(|line| line.node.full_key()).collect()
}

#[test]
fn entries_are_grouped_by_the_text_before_a_slash() {
    let mut state = sample();
    assert_eq!(shown(&state), ["clients", "clients/id/", "clients/page_1", "clients/page_2"]);
    press(&mut state, "k\n");
    assert_eq!(shown(&state)[1..4], ["clients/id/", "clients/id/a", "clients/id/b"]);
    // Out of an entry of the group, out of the group, out of the cache key.
    press(&mut state, "jh");
    assert_eq!((shown(&state).len(), state.tree.cursor), (4, 1));
    press(&mut state, "h");
    assert_eq!((shown(&state).len(), state.tree.cursor), (1, 0));
    for (sub_key, group) in
        [("id/a/b", Some("id/")), ("/h/users", Some("/h/")), ("/h", None), ("", None), ("é/", Some("é/"))]
    {
        assert_eq!(group_of(sub_key), group, "{sub_key}");
    }
}

#[test]
fn a_filter_leaves_the_keys_that_match_and_opens_them() {
    let mut state = sample();
    press(&mut state, "g/pg2");
    assert_eq!(shown(&state), ["clients", "clients/page_2"]);
    assert_eq!(state.tree.cursor, 1, "the cursor is on the first match");
    state.update(Input::Key(KeyCode::Esc));
    assert_eq!(shown(&state).len(), 4);
}

#[test]
fn an_entry_that_changes_while_it_is_shown_is_read_again() {
    let mut state = sample();
    assert_eq!(state.settle(), None);
    let changes = vec![(key("clients/page_1"), Event::Replaced, Some(known(1, 1)))];
    state.update(Input::Seen { commit: 8, is_first: false, changes });
    assert_eq!(state.settle().map(|wanted| wanted.key), Some(key("clients/page_1")));
    assert!(state.content.as_ref().is_some_and(|content| content.window.is_some()), "the rows stay until then");
}

#[test]
fn an_entry_that_is_removed_stays_in_sight_for_some_seconds() {
    let mut state = sample();
    let changes = vec![(key("clients/page_1"), Event::Removed, None)];
    state.update(Input::Seen { commit: 8, is_first: false, changes });
    state.update(Input::Tick(NOW + 3));
    assert!(shown(&state).contains(&"clients/page_1".to_owned()));
    assert_eq!(state.tree.lines[0].summary.as_ref().map(|summary| summary.entries), Some(3), "but does not count");
    state.update(Input::Tick(NOW + 4));
    assert!(!shown(&state).contains(&"clients/page_1".to_owned()));
}

#[test]
fn only_rows_in_sight_are_asked_for() {
    let mut state = sample();
    state.update(Input::Height(10));
    let rows: Vec<(String, vlive::Record)> = (0..1000).map(|n| (n.to_string(), vlive::Record::new())).collect();
    let rows: Vec<_> = rows.iter().map(|(id, record)| (id.as_str(), record.clone())).collect();
    let mut asked = 0;
    press(&mut state, ":");
    press(&mut state, "true\n\nG");
    while let Some(wanted) = state.settle() {
        assert_eq!((wanted.count, wanted.condition.as_str()), (10, "true"));
        asked += 1;
        state.update(answer(&wanted, &rows));
        press(&mut state, "G");
    }
    let content = state.content.as_ref().expect("an entry is shown");
    assert_eq!((content.row, content.top, asked), (999, 990, 2));
    assert_eq!(content.row_at(999).map(|row| row.id.as_str()), Some("999"));
}

#[test]
fn going_to_a_match_opens_its_entry_and_row() {
    let mut state = sample();
    press(&mut state, "f");
    assert_eq!(state.update(Input::Paste("Anna".to_owned())), None);
    assert_eq!(state.update(Input::Key(KeyCode::Enter)), Some(Effect::Find("Anna".to_owned())));
    let place = |name: &str, id: Option<&str>| Place {
        key: key(name),
        id: id.map(ToOwned::to_owned),
        text: "name  Anna".to_owned(),
    };
    let places = vec![place("clients/page_2", None), place("clients/id/b", Some("b"))];
    state.update(Input::Found("Anna".to_owned(), Ok((places, true))));
    press(&mut state, "j\n");
    settle(&mut state);
    assert_eq!(state.tree.node().map(Node::full_key).as_deref(), Some("clients/id/b"));
    assert_eq!((state.focus, state.content.as_ref().map(|content| content.row)), (Focus::Rows, Some(1)));
    press(&mut state, "N");
    assert_eq!(state.tree.node().map(Node::full_key).as_deref(), Some("clients/page_2"));
}

#[test]
fn nothing_is_changed_before_its_plan_is_confirmed() {
    let change = Change::Invalidate(Node::of(&key("clients/page_1")), Narrowed::Stay);
    let plan =
        Plan { command: "vlive invalidate".to_owned(), keys: vec!["clients/page_1".to_owned()], ..Plan::default() };
    for (answer, effect) in [
        (KeyCode::Char('y'), Some(Effect::Apply(change.clone(), None))),
        (KeyCode::Char('n'), None),
        (KeyCode::Esc, None),
        (KeyCode::Enter, None),
        (KeyCode::Char('x'), None),
    ] {
        let mut state = sample();
        assert_eq!(state.update(Input::Key(KeyCode::Char('x'))), Some(Effect::Plan(change.clone())));
        state.update(Input::Planned(change.clone(), Ok(plan.clone())));
        assert_eq!(state.update(Input::Key(answer)), effect, "{answer:?}");
    }
    let mut state = sample();
    state.update(Input::Planned(change.clone(), Ok(plan)));
    press(&mut state, "b");
    let name = "vlive-backup-1970-01-12T134640Z.jsonl";
    assert_eq!(state.prompt.as_ref().map(|prompt| prompt.text.as_str()), Some(name), "a name is offered");
    assert_eq!(state.update(Input::Key(KeyCode::Enter)), Some(Effect::Apply(change, Some(name.to_owned()))));
}

#[test]
fn pasted_text_is_not_read_as_keys() {
    let mut state = sample();
    assert_eq!(state.update(Input::Paste("xyq".to_owned())), None);
    press(&mut state, "/");
    state.update(Input::Paste("pa\u{1b}\nge".to_owned()));
    assert_eq!(state.tree.filter, "page");
}

#[test]
fn every_key_is_explained_and_no_two_mean_the_same_thing_twice() {
    let all: Vec<KeyCode> = bound().collect();
    for (n, code) in all.iter().enumerate() {
        assert!(!all[..n].contains(code), "{code:?} is bound twice");
    }
    let explained = format!(" {} ", bindings::help().map(|binding| binding.keys).collect::<Vec<_>>().join(" "));
    for code in all {
        if let KeyCode::Char(key) = code {
            assert!(key == ' ' || explained.contains(&format!(" {key} ")), "{key}");
        }
    }
}
