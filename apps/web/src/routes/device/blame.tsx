import { Button, Text } from "@mantine/core";
import type { Device } from "@netconductor/contracts/devices/model";
import { ApiProblem } from "@netconductor/contracts/kernel/fetch-transport";
import { visibleLine } from "@netconductor/contracts/kernel/visible-text";
import { useQuery } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { useApi, usePermitted } from "../../api/context.tsx";
import { TextLink } from "../../ui/link.tsx";
import { ProblemAlert } from "../../ui/problem.tsx";
import { RowsLoading } from "../../ui/rows-loading.tsx";
import { Ago } from "../../ui/time.tsx";
import { count } from "../../ui/words.ts";
import style from "./blame.module.css";
import { blameGroups } from "./blame-groups.ts";
import { NoBackup } from "./no-backup.tsx";

const groupsAtOnce = 1_000;

/** Of each line of the newest configuration: since when it is there, and by whose backup it was seen first. */
export function Blame({ device }: { device: Device }) {
	const api = useApi();
	const mayReadRuns = usePermitted()("runs:read");
	const [shown, setShown] = useState(groupsAtOnce);
	const blame = useQuery({
		queryKey: ["backups", device.id, "blame"],
		queryFn: ({ signal }) =>
			api.backup.getBlame({ params: { device_id: device.id }, query: {} }, { signal }).catch((error: unknown) => {
				if (error instanceof ApiProblem && error.problem.code === "backups.no_backup_at") return null;
				throw error;
			}),
	});
	const groups = useMemo(() => blameGroups(blame.data?.lines ?? []), [blame.data]);
	if (blame.isError) return <ProblemAlert error={blame.error} onRetry={() => blame.refetch()} />;
	if (blame.data === undefined) return <RowsLoading rows={12} />;
	if (blame.data === null) {
		return (
			<section className="nc-panel" aria-label="Blame">
				<NoBackup device={device} />
			</section>
		);
	}
	const versions = new Set(groups.map(({ backup_id }) => backup_id)).size;
	return (
		<section className="nc-panel" aria-label="Blame">
			<Text size="xs" c="dimmed" px="sm" py={8}>
				{count(blame.data.total_lines, "line")} from {count(versions, "version")}. Beside them: since when they are
				there, and whose backup saw them first. The stronger the bar, the newer the lines.
			</Text>
			{/* biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard */}
			<section className={`nc-code ${style.blame}`} aria-label={`Lines of ${device.name} by version`} tabIndex={0}>
				{groups.slice(0, shown).map(({ from, lines, backup_id, run_id, since, started_by, newness }) => (
					<div key={from} className={style.group} style={{ containIntrinsicHeight: `auto ${lines.length * 1.18}rem` }}>
						<div className={style.who} style={{ borderColor: ageColour(newness) }}>
							<TextLink
								to="/devices/$id"
								params={{ id: device.id }}
								search={{ tab: "config", backup: backup_id }}
								size="xs"
							>
								<Ago at={since} />
							</TextLink>
							<span className="nc-dim"> {visibleLine(started_by)}</span>
							{mayReadRuns && (
								<>
									{" "}
									<TextLink to="/runs/$id" params={{ id: run_id }} size="xs">
										run
									</TextLink>
								</>
							)}
						</div>
						<div className="nc-gutter" aria-hidden="true">
							{lines.map((_, index) => from + index).join("\n")}
						</div>
						<div className="nc-lines">{lines.map((line) => `${visibleLine(line)}\n`).join("")}</div>
					</div>
				))}
				{groups.length > shown && (
					<Button variant="default" m="sm" onClick={() => setShown(shown + groupsAtOnce)}>
						Show more
					</Button>
				)}
			</section>
		</section>
	);
}

function ageColour(newness: number): string {
	return `color-mix(in srgb, var(--mantine-primary-color-filled) ${Math.round(8 + newness * 92)}%, var(--nc-line))`;
}
