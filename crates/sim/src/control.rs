//! Control experiments: a safeguard switched off in the simulator, never in the product. The
//! auditor has to notice each, or its silence elsewhere means nothing.

/// Which safeguard is off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Control {
    /// The store takes any row, whatever stands before it.
    FenceOff,
    /// The lane is given terms without a limit worth the name.
    LimitOff,
    /// Answers leave before the store was asked.
    AnswersFirst,
    /// A row is published before the store was asked.
    PublishFirst,
    /// The face is replaced before the holders are.
    FaceFirst,
    /// The store looks at a row's number, not at the hash before it.
    FenceByNumber,
    /// An owner answers from memory without asking whether its lease is proven.
    StaleLease,
    /// A durable append counts as a proof of the lease.
    AppendProves,
    /// A follower goes by its owner's word although it lacks rows.
    WordBehind,
    /// Answers leave although followers that may answer lack the row.
    AnswersNotHeld,
    /// A follower tells of a row that others may not have yet.
    UnsettledTold,
    /// A request that is passed on twice is done twice.
    ForwardTwice,
    /// A lease is taken over without a look at the beat.
    BeatNotLooked,
    /// A lease that went and came back counts as the same.
    LeasesUncounted,
    /// A lane is opened without a look at the lease.
    OpenUnleased,
    /// A process opens its predecessor's lanes at once.
    SuccessorAtOnce,
    /// A lane is handed over while followers have its old owner's word.
    WordsKept,
    /// A lease that was given away, and is still held, is opened under at once.
    GivenReopened,
    /// A row that is read back is believed without a later append.
    ReadBackBelieved,
    /// A row in doubt is not spoken of, and the gate goes on refusing.
    DoubtKept,
    /// An owner goes on although another may have taken over and be forgotten.
    ReplaceableKept,
    /// An earlier process's row in the table of nodes is taken for a live copy's.
    RivalBelieved,
    /// Who takes a lane over believes its own clock, whatever the last owner's was.
    AnyClockBelieved,
    /// Who opens its own lane anew holds its clock against the others', not against its own.
    OwnClockForgotten,
    /// A row's bytes are not held against its hashes.
    TornBelieved,
    /// A lane is opened behind rows with a hole before them.
    HoleSkipped,
    /// A journal is cut where it is damaged, and goes on from there.
    DamageCut,
    /// A lane is opened without a look at its witness.
    WitnessIgnored,
    /// A loss is accepted, and numbers go on behind the rows that are left.
    NumbersAgain,
    /// A loss is accepted, and what is free by the rows that are left stays free.
    UnitsAgain,
}

impl Control {
    /// All of them, with the names the command line takes.
    pub const ALL: [(&str, Self); 30] = [
        ("fence-off", Self::FenceOff),
        ("limit-off", Self::LimitOff),
        ("answers-first", Self::AnswersFirst),
        ("publish-first", Self::PublishFirst),
        ("face-first", Self::FaceFirst),
        ("fence-by-number", Self::FenceByNumber),
        ("stale-lease", Self::StaleLease),
        ("append-proves", Self::AppendProves),
        ("word-behind", Self::WordBehind),
        ("answers-not-held", Self::AnswersNotHeld),
        ("unsettled-told", Self::UnsettledTold),
        ("forward-twice", Self::ForwardTwice),
        ("beat-not-looked", Self::BeatNotLooked),
        ("leases-uncounted", Self::LeasesUncounted),
        ("open-unleased", Self::OpenUnleased),
        ("successor-at-once", Self::SuccessorAtOnce),
        ("words-kept", Self::WordsKept),
        ("given-reopened", Self::GivenReopened),
        ("read-back-believed", Self::ReadBackBelieved),
        ("doubt-kept", Self::DoubtKept),
        ("replaceable-kept", Self::ReplaceableKept),
        ("rival-believed", Self::RivalBelieved),
        ("any-clock-believed", Self::AnyClockBelieved),
        ("own-clock-forgotten", Self::OwnClockForgotten),
        ("torn-believed", Self::TornBelieved),
        ("hole-skipped", Self::HoleSkipped),
        ("damage-cut", Self::DamageCut),
        ("witness-ignored", Self::WitnessIgnored),
        ("numbers-again", Self::NumbersAgain),
        ("units-again", Self::UnitsAgain),
    ];

    /// Whether it makes a difference only with several nodes.
    pub fn of_nodes(self) -> bool {
        !matches!(
            self,
            Self::FenceOff
                | Self::LimitOff
                | Self::AnswersFirst
                | Self::PublishFirst
                | Self::FaceFirst
                | Self::FenceByNumber
                | Self::TornBelieved
                | Self::HoleSkipped
                | Self::DamageCut
                | Self::WitnessIgnored
                | Self::NumbersAgain
                | Self::UnitsAgain
        )
    }

    /// The name the command line takes.
    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|(_, control)| *control == self).map_or("", |(name, _)| name)
    }

    /// The control of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(own, _)| *own == name).map(|(_, control)| *control)
    }
}
