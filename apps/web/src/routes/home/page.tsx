import { Button } from "@mantine/core";
import { useLocalStorage } from "@mantine/hooks";
import { useQuery } from "@tanstack/react-query";
import { createLazyRoute, getRouteApi } from "@tanstack/react-router";
import { lazy, Suspense, useCallback } from "react";
import { useApi, usePermitted } from "../../api/context.tsx";
import { Page } from "../../ui/page.tsx";
import { RowsLoading } from "../../ui/rows-loading.tsx";
import { useStartRuns } from "../../ui/start-runs.ts";
import { Activity } from "./activity.tsx";
import { Attention } from "./attention.tsx";
import { Changes } from "./changes.tsx";
import { Coverage } from "./coverage.tsx";
import { Fleet } from "./fleet.tsx";
import styles from "./home.module.css";
import { homeQueries } from "./queries.ts";
import { Running } from "./running.tsx";
import { Workers } from "./workers.tsx";

export const route = createLazyRoute("/signed-in/framed/")({ component: HomePage });
const { useSearch, useNavigate } = getRouteApi("/signed-in/framed/");

const Guide = lazy(() => import("./guide.tsx").then(({ Guide: component }) => ({ default: component })));

function HomePage() {
	const permitted = usePermitted();
	const { backUp } = useStartRuns();
	const summary = useQuery({ ...homeQueries(useApi()).summary, enabled: permitted("devices:read") });
	const guide = useGuide(summary.data?.total);
	const devices = summary.data?.total ?? 0;

	return (
		<Page
			title={devices === 0 && guide.shown ? "Welcome" : "Dashboard"}
			actions={
				permitted("backups:run") &&
				devices > 0 && (
					<Button loading={backUp.isPending} onClick={() => backUp.mutate({ all: true })}>
						Back up all
					</Button>
				)
			}
		>
			{guide.shown && (
				<Suspense fallback={<RowsLoading rows={10} />}>
					<Guide devices={devices} onBegin={guide.begin} onClose={guide.close} />
				</Suspense>
			)}
			{summary.data?.total !== 0 && <Panels />}
		</Page>
	);
}

/** What the role may see of what is going on. */
function Panels() {
	const permitted = usePermitted();
	const seesDevices = permitted("devices:read");
	const seesBackups = permitted("backups:read");
	const seesRuns = permitted("runs:read");
	const seesWorkers = permitted("workers:read");
	const something = seesDevices || seesBackups || seesRuns || seesWorkers;
	if (!something) {
		return (
			<section className="nc-panel">
				<p className="nc-panel-body nc-dim">
					Your role sees neither devices nor backups nor runs. The menu holds what it does.
				</p>
			</section>
		);
	}
	return (
		<div className={styles.grid}>
			{seesDevices && (
				<div className={styles.half}>
					<Fleet />
				</div>
			)}
			{seesBackups && (
				<div className={styles.half}>
					<Coverage />
				</div>
			)}
			<div className={styles.wide}>
				<Attention />
				{seesBackups && <Changes />}
			</div>
			<div className={styles.side}>
				{seesRuns && <Running />}
				{seesBackups && <Activity />}
				{seesWorkers && <Workers />}
			</div>
		</div>
	);
}

/**
 * Whether the first steps are shown: while there is no device, until a first change was found, and whenever the address asks. Once begun in
 * this browser they stay until they are closed, so that the last of them is not gone the moment it can be taken.
 */
function useGuide(devices: number | undefined) {
	const permitted = usePermitted();
	const navigate = useNavigate();
	const asked = useSearch().guide === true;
	const [progress, setProgress] = useLocalStorage<"begun" | "closed" | "">({
		key: "netconductor.guide",
		defaultValue: "",
		getInitialValueInEffect: false,
	});
	const begin = useCallback(
		(anew: boolean) => setProgress((before) => (before === "closed" && !anew ? before : "begun")),
		[setProgress],
	);
	const may = permitted("devices:read") && permitted("backups:read");
	const changes = useQuery({
		...homeQueries(useApi()).changes,
		enabled: may && devices !== undefined && devices > 0 && progress === "" && permitted("backups:run"),
	});
	const unfinished = progress === "begun" || (progress === "" && changes.data?.total === 0);
	return {
		shown: may && devices !== undefined && (devices === 0 || asked || (unfinished && permitted("backups:run"))),
		close: () => {
			setProgress("closed");
			if (asked) void navigate({ search: { guide: undefined }, replace: true });
		},
		begin,
	};
}
