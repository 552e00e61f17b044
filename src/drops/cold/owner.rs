//! Whose database it is: a folder's facts go into that folder's tables, or into none.

use crate::kit::data::DataFolder;
use crate::kit::db::{Db, DbError, alone, commit};
use crate::on;

crate::statements! {
    HOUSE = "SELECT festival, kind, made_at_ms FROM house";
    GIVE_UP = "UPDATE house SET festival = $1";
    FOUND_HOUSE = "INSERT INTO house (festival, kind, made_at_ms)
        SELECT CAST($1 AS TEXT), CAST($2 AS TEXT), CAST($3 AS BIGINT)
        WHERE NOT EXISTS (SELECT 1 FROM house)";
}

/// The data folder a database belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Whose {
    festival: String,
    kind: String,
    made_at_ms: i64,
}

impl Whose {
    /// This folder.
    pub fn of(folder: &DataFolder) -> Self {
        let kind = if folder.rehearsal() { "rehearsal" } else { "festival" };
        let (festival, made_at_ms) = (folder.festival().to_owned(), folder.made_at_ms());
        Self { festival, kind: kind.to_owned(), made_at_ms }
    }
}

/// When the festival was made whose tables these are, if they are this one's. Every node of it
/// counts from then.
///
/// # Errors
/// If the database does not answer.
pub async fn made_at_ms(db: &Db, whose: &Whose) -> Result<Option<i64>, DbError> {
    let same = |theirs: &Whose| theirs.festival == whose.festival && theirs.kind == whose.kind;
    Ok(owner(db).await?.filter(same).map(|theirs| theirs.made_at_ms))
}

async fn owner(db: &Db) -> Result<Option<Whose>, DbError> {
    let house = on!(db.read(), pool => {
        sqlx::query_as::<_, (String, String, i64)>(HOUSE).fetch_optional(pool).await
    })?;
    Ok(house.map(|(festival, kind, made_at_ms)| Whose { festival, kind, made_at_ms }))
}

/// Refuses a database of another folder.
///
/// # Errors
/// Whose it is, if it is another's.
pub async fn check_owner(db: &Db, whose: &Whose) -> Result<(), DbError> {
    not_ours(db, whose).await?.map_or(Ok(()), |words| Err(DbError(words)))
}

/// Why these tables are not this folder's, if they are not.
///
/// # Errors
/// If they cannot be read.
pub async fn not_ours(db: &Db, whose: &Whose) -> Result<Option<String>, DbError> {
    Ok(match owner(db).await? {
        Some(Whose { festival, .. }) if festival.starts_with(MOVED) => Some(format!(
            "the tables {festival}: name that place with --database, or leave --database out if \
             they are in the data folder"
        )),
        Some(theirs) if theirs != *whose => Some(format!(
            "the database belongs to another data folder (a {} of `{}`): use --database with an \
             empty one, or --data with that folder",
            theirs.kind, theirs.festival
        )),
        _ => None,
    })
}

/// What stands for the festival's id where the tables went elsewhere. No id has a space.
const MOVED: &str = "moved to ";

/// Writes down that the tables went elsewhere, so that nobody goes on with these.
///
/// # Errors
/// If it cannot be written.
pub async fn give_up(db: &Db, place: &str) -> Result<(), DbError> {
    let mut tx = db.begin().await?;
    let words = format!("{MOVED}{place}");
    on!(&mut tx, tx => sqlx::query(GIVE_UP).bind(&words).execute(&mut **tx).await.map(|_| ()))?;
    commit(tx).await
}

/// Where the tables went, in words, if they went elsewhere.
///
/// # Errors
/// If it cannot be read.
pub async fn went_to(db: &Db) -> Result<Option<String>, DbError> {
    let owner = owner(db).await?;
    Ok(owner.and_then(|whose| whose.festival.strip_prefix(MOVED).map(str::to_owned)))
}

/// Ties the database to a data folder, or refuses another's.
///
/// # Errors
/// Whose it is, if it is another's.
pub async fn own(db: &Db, whose: &Whose) -> Result<(), DbError> {
    found(db, whose).await?;
    check_owner(db, whose).await
}

/// Ties the database to a data folder where it is nobody's: to the first of several at once.
///
/// # Errors
/// If it cannot be written.
pub async fn found(db: &Db, whose: &Whose) -> Result<(), DbError> {
    let mut tx = db.begin().await?;
    alone(&mut tx).await?;
    on!(&mut tx, tx => {
        let query = sqlx::query(FOUND_HOUSE).bind(&whose.festival).bind(&whose.kind);
        query.bind(whose.made_at_ms).execute(&mut **tx).await.map(|_| ())
    })?;
    commit(tx).await
}
