//! `|=`, `del` and `delpaths` as jq has them: what stays keeps its order.
//!
//! jaq's own versions move the last field of an object to the place of a deleted one, and delete an element of an array
//! before they look for the next. So `p |= f` becomes a call of a native filter before jaq compiles it, and `del` and
//! `delpaths` are defined anew.

use super::{Data, times};
use jaq_core::box_iter::box_once;
use jaq_core::load::lex::StrPart;
use jaq_core::load::parse::{BinaryOp, Def, Pattern, Term};
use jaq_core::path::{Opt, Part};
use jaq_core::{Bind, Cv, Error, Native, ValT, ValX, ValXs, load, native};
use jaq_json::Val;
use std::iter::once;
use std::mem;
use std::rc::Rc;

/// Definitions that stand after jaq's own.
const DEFINITIONS: &str = "def delpaths($paths): _delpaths($paths); def del(f): _delpaths([path(f)]);";

pub(super) fn definitions() -> impl Iterator<Item = Def<&'static str>> {
    load::parse(DEFINITIONS, |parser| parser.defs()).expect("definitions in jq's language").into_iter()
}

pub(super) fn natives() -> [native::Fun<Data>; 2] {
    [
        (
            "_delpaths",
            native::v(1),
            Native::new(|mut cv: Cv<'_, Data>| {
                let paths = cv.0.pop_var();
                box_once(delete_paths(cv.1, &paths))
            }),
        ),
        ("_modify", [Bind::Var(()), Bind::Fun(())].into(), Native::new(|cv| modify(cv))),
    ]
}

/// Puts calls of native filters in place of every `p |= f`, `a * b` and `a *= b` in a term.
pub(super) fn rewrite(term: &mut Term<&str>) {
    times::rewrite(term);
    parts(term).into_iter().for_each(rewrite);
    if let Term::BinOp(paths, BinaryOp::Update, change) = term {
        let (paths, change) = (mem::take(&mut **paths), mem::take(&mut **change));
        let all = Term::Arr(Some(Box::new(Term::Call("path", vec![paths]))));
        *term = Term::Call("_modify", vec![all, change]);
    }
}

/// The terms that a term is made of.
fn parts<'t, 's>(term: &'t mut Term<&'s str>) -> Vec<&'t mut Term<&'s str>> {
    match term {
        Term::Id | Term::Recurse | Term::Num(_) | Term::Break(_) | Term::Var(_) | Term::Arr(None) => Vec::new(),
        Term::Str(_, parts) => {
            let terms = parts.iter_mut().filter_map(|part| match part {
                StrPart::Term(term) => Some(term),
                StrPart::Str(_) | StrPart::Char(_) => None,
            });
            terms.collect()
        }
        Term::Arr(Some(inner)) | Term::Neg(inner) | Term::Label(_, inner) => vec![inner],
        Term::Obj(pairs) => pairs.iter_mut().flat_map(|(key, value)| [Some(key), value.as_mut()]).flatten().collect(),
        Term::BinOp(left, BinaryOp::Pipe(Some(pattern)), right) => {
            [&mut **left, right].into_iter().chain(parts_of_pattern(pattern)).collect()
        }
        Term::BinOp(left, _, right) => vec![left, right],
        Term::Fold(_, over, pattern, rest) => {
            rest.iter_mut().chain([&mut **over]).chain(parts_of_pattern(pattern)).collect()
        }
        Term::TryCatch(inner, handler) => {
            [Some(inner), handler.as_mut()].into_iter().flatten().map(|t| &mut **t).collect()
        }
        Term::IfThenElse(branches, otherwise) => {
            let branches = branches.iter_mut().flat_map(|(condition, then)| [condition, then]);
            branches.chain(otherwise.as_deref_mut()).collect()
        }
        Term::Def(definitions, inner) => {
            definitions.iter_mut().map(|definition| &mut definition.body).chain([&mut **inner]).collect()
        }
        Term::Call(_, arguments) => arguments.iter_mut().collect(),
        Term::Path(inner, path) => {
            let indices = path.0.iter_mut().flat_map(|(part, _)| match part {
                Part::Index(index) => [Some(index), None],
                Part::Range(from, to) => [from.as_mut(), to.as_mut()],
            });
            indices.flatten().chain([&mut **inner]).collect()
        }
    }
}

fn parts_of_pattern<'t, 's>(pattern: &'t mut Pattern<&'s str>) -> Vec<&'t mut Term<&'s str>> {
    match pattern {
        Pattern::Var(_) => Vec::new(),
        Pattern::Arr(patterns) => patterns.iter_mut().flat_map(parts_of_pattern).collect(),
        Pattern::Obj(pairs) => {
            pairs.iter_mut().flat_map(|(key, pattern)| [key].into_iter().chain(parts_of_pattern(pattern))).collect()
        }
    }
}

/// Replaces the value at each path, in order, by the first result of a filter; paths without a result are deleted
/// together at the end.
fn modify(mut cv: Cv<'_, Data>) -> ValXs<'_, Val> {
    let (filter, context) = cv.0.pop_fun();
    let paths = cv.0.pop_var();
    let modified = |mut value: Val| {
        let mut deleted = Vec::new();
        for path in items(&paths)? {
            let steps = items(path)?;
            let there = steps.iter().try_fold(value.clone(), ValT::index)?;
            match filter.run((context.clone(), there)).next() {
                Some(new) => value = put(value, steps, &new?)?,
                None => deleted.push(path.clone()),
            }
        }
        delete_paths(value, &deleted.into_iter().collect())
    };
    box_once(modified(cv.1))
}

fn put<'a>(value: Val, path: &[Val], new: &Val) -> ValX<'a, Val> {
    match path.split_first() {
        None => Ok(new.clone()),
        Some((step, rest)) => value.map_index(step, Opt::Essential, |inner| once(put(inner, rest, new))),
    }
}

/// Deletes the values at the paths, the last first, so that the other indices stay valid.
fn delete_paths<'a>(mut value: Val, paths: &Val) -> ValX<'a, Val> {
    let mut paths: Vec<&Val> = items(paths)?.iter().collect();
    paths.sort();
    paths.dedup();
    for path in paths.into_iter().rev() {
        value = delete(value, items(path)?)?;
    }
    Ok(value)
}

fn delete<'a>(mut value: Val, path: &[Val]) -> ValX<'a, Val> {
    let Some((step, rest)) = path.split_first() else { return Ok(Val::Null) };
    match (&mut value, step) {
        // A value that does not exist is deleted already.
        (Val::Null, _) => {}
        (Val::Obj(fields), Val::TStr(_)) if !fields.contains_key(step) => {}
        (Val::Arr(items), Val::Num(_)) if place(step, items.len()).is_none() => {}
        (Val::Obj(_) | Val::Arr(_), _) if !rest.is_empty() => {
            return value.map_index(step, Opt::Essential, |inner| once(delete(inner, rest)));
        }
        (Val::Obj(fields), Val::TStr(_)) => {
            Rc::make_mut(fields).shift_remove(step);
        }
        (Val::Arr(items), Val::Num(_)) => {
            place(step, items.len()).map(|place| Rc::make_mut(items).remove(place));
        }
        (Val::Arr(_), Val::Obj(_)) => {
            return value.map_index(step, Opt::Essential, |_| once(Ok(Val::Arr(Rc::default()))));
        }
        (value, step) => return Err(Error::str(format_args!("cannot delete {step} of {value}")).into()),
    }
    Ok(value)
}

fn items(value: &Val) -> Result<&[Val], Error<Val>> {
    match value {
        Val::Arr(items) => Ok(items),
        other => Err(Error::str(format_args!("{other} is not an array of paths"))),
    }
}

/// The position of an index in an array of `len` items, from the end if it is negative.
fn place(index: &Val, len: usize) -> Option<usize> {
    let Val::Num(number) = index else { return None };
    let index = number.as_isize()?;
    let place = if index < 0 { len.checked_sub(index.unsigned_abs())? } else { index.unsigned_abs() };
    (place < len).then_some(place)
}
