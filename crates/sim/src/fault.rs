//! What can go wrong, by name. Each kind is counted, and one never met fails the test.

/// A step of the driver. A crash can fall after each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// The gate took the face and has not yet asked who holds.
    Face,
    /// A command went into a lane's queue, or the gate answered it.
    Ask,
    /// A lane took its turn.
    Turn,
    /// Rows were taken from the lanes and sealed as one commit.
    Seal,
    /// The store was given the commit.
    Append,
    /// A lane learnt that its row stands.
    Learn,
    /// A lane was shown what stands, its row's outcome being unknown.
    Resolve,
    /// A row the store forgot was appended again.
    Again,
    /// A durable row went into the published state.
    PublishState,
    /// A new face replaced the one before.
    PublishFace,
    /// A published row's answers were let go.
    Answers,
    /// A fan heard an answer.
    Deliver,
    /// A lane was replayed and decided its `opened` row.
    Open,
}

impl Step {
    /// All of them.
    pub(crate) const ALL: [Self; 13] = [
        Self::Face,
        Self::Ask,
        Self::Turn,
        Self::Seal,
        Self::Append,
        Self::Learn,
        Self::Resolve,
        Self::Again,
        Self::PublishState,
        Self::PublishFace,
        Self::Answers,
        Self::Deliver,
        Self::Open,
    ];
}

/// What the plan orders. What came of it is counted as a [`Met`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The process dies after the next step of this kind.
    Crash(Step),
    /// The next append fails and was not done.
    NotDone,
    /// The next append fails and was done.
    Done,
    /// The next append times out and arrives later.
    Late,
    /// The next append times out and never arrives.
    Never,
    /// The machine loses power while rows stand that no append has proven.
    PowerCut,
    /// The same, and of those rows one is gone and one behind it stands.
    Scattered,
    /// The same, and one of those rows is torn.
    Torn,
    /// The machine loses power, and a row that was reported durable is torn.
    TornDurable,
    /// Another owner opens the lane behind our back.
    Foreign,
    /// The store forgets its newest rows.
    Forget,
    /// The process dies, and the store goes back to an older state.
    WentBack,
    /// The store forgets, and another owner writes in the place.
    TwoHistories,
    /// A read does not show the newest row.
    ReadMissed,
    /// A read fails.
    ReadFailed,
    /// Nothing moves for 2 to 4 seconds while a row is with the store.
    StallShort,
    /// Nothing moves for 5 to 12 seconds while a row is with the store.
    StallLong,
    /// The machine's clock jumps ahead.
    ClockAhead,
    /// The machine's clock jumps back.
    ClockBack,
    /// The process dies and comes back more than a day later.
    GapLong,
    /// The process dies and comes back with a clock that went back.
    GapBack,
}

impl Fault {
    /// All but the crashes.
    pub(crate) const REST: [Self; 20] = [
        Self::NotDone,
        Self::Done,
        Self::Late,
        Self::Never,
        Self::PowerCut,
        Self::Scattered,
        Self::Torn,
        Self::TornDurable,
        Self::Foreign,
        Self::Forget,
        Self::WentBack,
        Self::TwoHistories,
        Self::ReadMissed,
        Self::ReadFailed,
        Self::StallShort,
        Self::StallLong,
        Self::ClockAhead,
        Self::ClockBack,
        Self::GapLong,
        Self::GapBack,
    ];
}

macro_rules! named {
    ($(#[$about:meta])* $name:ident { $($variant:ident => $words:literal,)* }) => {
        $(#[$about])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum $name { $($variant),* }

        impl $name {
            /// Their names, in the order they are counted.
            pub(crate) const NAMES: &[&str] = &[$($words),*];
        }
    };
}

named! {
    /// A fault that took effect.
    Met {
        NotDone => "append failed, not done",
        Done => "append failed, done",
        LateLanded => "late append landed",
        LateFenced => "late append fenced out",
        Never => "append never arrived",
        PowerCut => "power cut took unproven rows",
        Scattered => "power cut left a hole, lane shut",
        Torn => "power cut tore a row, lane shut",
        TornDurable => "power cut tore a durable row, lane shut",
        Foreign => "another owner's row",
        Lost => "lane lost to another owner",
        Proof => "row read back, proven by a later one",
        ForgotAgain => "store forgot, rows appended again",
        ForgotStopped => "store forgot, lane stopped",
        WentBack => "store went back, lane shut by its witness",
        OtherHistory => "another history, lane shut by its witness",
        PutBack => "lost rows put back",
        LossAccepted => "loss accepted",
        TwoHistories => "two histories, lane stopped",
        ReadMissed => "read missed the newest row",
        ReadFailed => "read failed",
        StallShort => "stall of 2 s",
        StallLong => "stall of 5 s",
        ClockAhead => "clock stepped ahead",
        ClockBack => "clock stepped back",
        GapLong => "down for more than a day",
        GapBack => "back with an earlier clock",
        LostAnswer => "answer lost",
        Doubled => "request doubled",
        Reordered => "request reordered",
        Fenced => "nodes: append fenced out",
        OpenRefused => "nodes: opening without the lease refused",
        TakenOver => "nodes: lease taken over",
        Recounted => "nodes: lease given away in vain, counted up",
        HandedOver => "nodes: lane handed over",
        Dropped => "nodes: lane dropped by its lease",
        Replaceable => "nodes: lane given up by who may have been replaced",
        DiskFull => "nodes: append to a full disk",
        Killed => "nodes: process killed",
        Paused => "nodes: process paused",
        PausedLong => "nodes: process paused for long",
        MoverPaused => "nodes: paused before it takes over",
        WentBackNodes => "nodes: database went back, by lane",
        LeasesBack => "nodes: leases went back with it",
        NodesBack => "nodes: a node's row went back to an earlier process",
        NodesGone => "nodes: a node's row went back to none",
        TakenBack => "nodes: place taken back from an earlier process",
        CameBack => "nodes: place taken that was nobody's",
        LateJoined => "nodes: restarted while a database was silent, joined later",
        NodeAgain => "nodes: rows appended again by their owner",
        NodeStopped => "nodes: owner stopped over lost rows",
        NodeShutNew => "nodes: lane shut by a restarted node's file",
        NodeShut => "nodes: lane shut by what a node followed",
        FollowerMissed => "nodes: follower misses rows the database lost",
        FormerJoined => "nodes: joined by a former owner",
        JoinedInVain => "nodes: joined under a lease that had moved",
        NodePutBack => "nodes: lost rows put back",
        NodeLossAccepted => "nodes: loss accepted",
        Unrenewed => "nodes: renewals lost, appends not",
        Joined => "nodes: node joined",
        Drained => "nodes: node drained",
        SilentToOne => "nodes: database silent to one",
        SilentToAll => "nodes: database silent to all",
        Broken => "nodes: connection broken",
        Apart => "nodes: two nodes apart",
        ClockJumped => "nodes: clock jumped",
        ClockWrong => "nodes: process started with a wrong clock",
        ClockAwry => "nodes: process started with a clock some seconds off",
        ClockDrifts => "nodes: process with a clock that drifts",
        TakenAhead => "nodes: lane taken over by a clock a little ahead",
        TakenBehind => "nodes: lane taken over by a clock a little behind",
        TakenDoubted => "nodes: lane taken over by a clock that was not believed",
        LateSent => "nodes: append delayed",
        Forwarded => "nodes: request passed on",
        ForwardAgain => "nodes: request passed on again",
        ForwardTwice => "nodes: request came twice",
        ForwardUnanswered => "nodes: request passed on and not answered",
        OwnerLost => "nodes: request lost with its owner",
        FollowerReads => "nodes: follower reads on",
        FollowerRefused => "nodes: refused by a follower",
        FollowerRepeated => "nodes: repeated by a follower",
        OwnerRefused => "nodes: refused by the owner's gate",
        Read => "nodes: read from memory",
    }
}

impl Met {
    /// Whether it counts towards a seed's least number of faults: the network's do not, they are
    /// everyday.
    pub(crate) fn hard(self) -> bool {
        !matches!(
            self,
            Self::PutBack
                | Self::LossAccepted
                | Self::LostAnswer
                | Self::Doubled
                | Self::Reordered
                | Self::Lost
                | Self::Proof
                | Self::ClockDrifts
        )
    }
}
