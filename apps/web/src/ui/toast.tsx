import { Kbd } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { visibleLine } from "@netconductor/contracts/kernel/visible-text";
import { noteRun } from "./latest-run.ts";
import { TextLink } from "./link.tsx";
import { problemOf, saysMore } from "./problem.tsx";

/** Says that a run was started, and leads to it. */
export function toastRun(title: string, run_id: string): void {
	noteRun(run_id);
	const id = notifications.show({
		title,
		message: (
			<>
				<TextLink to="/runs/$id" params={{ id: run_id }} size="sm" onClick={() => notifications.hide(id)}>
					Watch it live
				</TextLink>{" "}
				<Kbd size="xs" visibleFrom="sm">
					w
				</Kbd>
			</>
		),
		autoClose: 8000,
	});
}

export function toastDone(title: string): void {
	notifications.show({ title, message: null, color: "green" });
}

export function toastProblem(error: unknown): void {
	const problem = problemOf(error);
	notifications.show({
		title: problem.title,
		message: saysMore(problem) ? visibleLine(problem.detail) : null,
		color: "red",
		autoClose: 10_000,
		role: "alert",
	});
}
