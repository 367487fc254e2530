"""Addresses of nudges, limits and the ledger, below `/api/v1/`."""

from django.urls import path

from nudges.api import broadcasts, dry_runs, ledger, nudges, policy, pressure, putting, tasks, throughput

urlpatterns = [
    path("nudges", nudges.Nudges.as_view()),
    path("nudges/<int:nudge_id>", nudges.OneNudge.as_view()),
    path("nudges/<int:nudge_id>/contents/<str:channel>/<str:language>", nudges.NudgeWords.as_view()),
    path("nudges/<int:nudge_id>/activate", nudges.ActivateNudge.as_view()),
    path("nudges/<int:nudge_id>/pause", nudges.PauseNudge.as_view()),
    path("nudges/<int:nudge_id>/archive", nudges.ArchiveNudge.as_view()),
    path("nudges/<int:nudge_id>/put-forward", putting.PutForward.as_view()),
    path("nudges/<int:nudge_id>/simulate", putting.Simulate.as_view()),
    path("nudges/<int:nudge_id>/preview", putting.PreviewNudge.as_view()),
    path("nudges/<int:nudge_id>/broadcasts", broadcasts.NudgeBroadcasts.as_view()),
    path("nudges/<int:nudge_id>/dry-runs", dry_runs.NudgeDryRuns.as_view()),
    path("dry-runs", dry_runs.DryRuns.as_view()),
    path("dry-runs/<int:dry_run_id>", dry_runs.OneDryRun.as_view()),
    path("dry-runs/<int:dry_run_id>/cancel", dry_runs.CancelDryRun.as_view()),
    path("broadcasts", broadcasts.Broadcasts.as_view()),
    path("broadcasts/<int:broadcast_id>", broadcasts.OneBroadcast.as_view()),
    path("broadcasts/<int:broadcast_id>/pause", broadcasts.PauseBroadcast.as_view()),
    path("broadcasts/<int:broadcast_id>/resume", broadcasts.ResumeBroadcast.as_view()),
    path("broadcasts/<int:broadcast_id>/stop", broadcasts.StopBroadcast.as_view()),
    path("customers/<int:customer_id>/pressure", pressure.CustomerPressure.as_view()),
    path("policy", policy.WorkspacePolicy.as_view()),
    path("throughput", throughput.Throughputs.as_view()),
    path("decisions", ledger.Decisions.as_view()),
    path("decisions/<int:decision_id>", ledger.OneDecision.as_view()),
    path("messages", ledger.Messages.as_view()),
    path("messages/<int:message_id>", ledger.OneMessage.as_view()),
    path("tasks", tasks.Tasks.as_view()),
    path("tasks/<int:message_id>", tasks.OneTask.as_view()),
    path("tasks/<int:message_id>/claim", tasks.ClaimTask.as_view()),
    path("tasks/<int:message_id>/release", tasks.ReleaseTask.as_view()),
    path("tasks/<int:message_id>/outcome", tasks.FinishTask.as_view()),
    path("replies", ledger.Replies.as_view()),
    path("replies/<int:reply_id>", ledger.OneReply.as_view()),
    path("replies/<int:reply_id>/undo", ledger.UndoReply.as_view()),
]
