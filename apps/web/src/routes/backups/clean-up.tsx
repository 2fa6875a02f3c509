import { Text } from "@mantine/core";
import { CleanupRequest, type CleanupResult } from "@netconductor/contracts/backup/model";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import type { z } from "zod";
import { useApi } from "../../api/context.tsx";
import { FormDrawer } from "../../ui/form/form-drawer.tsx";
import { RetentionFields } from "../../ui/form/retention-fields.tsx";
import { useContractForm } from "../../ui/form/use-contract-form.ts";
import { toastDone } from "../../ui/toast.tsx";
import { WhatGoes } from "../../ui/what-goes.tsx";
import { count } from "../../ui/words.ts";

type Found = z.infer<typeof CleanupResult>;
type Limits = Record<"keep_days" | "keep_versions", number | string>;

const unlimited: Limits = { keep_days: "", keep_versions: "" };

/** Deletes what is beyond the retention, once it has said what that is. */
export function CleanUp({ opened, onClose }: { opened: boolean; onClose: () => void }) {
	const api = useApi();
	const queries = useQueryClient();
	const [looked, setLooked] = useState<{ at: string; found: Found }>();
	const schedule = useQuery({
		queryKey: ["backup_schedule"],
		queryFn: ({ signal }) => api.backup.getBackupSchedule({}, { signal }),
		enabled: opened,
	});
	const foundFor = (limits: Limits) => (looked?.at === JSON.stringify(limits) ? looked.found : undefined);
	const form = useContractForm({
		initial: unlimited,
		schema: CleanupRequest,
		toBody: (limits) => ({ ...given(limits), dry_run: !takesSomething(foundFor(limits)) }),
		send: (body) => api.backup.cleanupBackups({ body }),
		onDone: (result, limits) => {
			if (result.dry_run) return setLooked({ at: JSON.stringify(limits), found: result });
			toastDone(`${count(result.backups, "backup")} deleted`);
			void queries.invalidateQueries({ queryKey: ["backups"] });
			void queries.invalidateQueries({ queryKey: ["snapshots"] });
			onClose();
		},
	});
	const found = foundFor(form.form.getValues());
	return (
		<FormDrawer
			opened={opened}
			onClose={onClose}
			title="Clean up backups"
			action={takesSomething(found) ? `Delete ${count(found.backups, "backup")}` : "See what would go"}
			danger={takesSomething(found)}
			form={{ ...form, dirty: false }}
		>
			<Text size="sm">
				Backups beyond these limits go. The newest good backup of each device stays, and so does what belongs to a
				pinned snapshot. {schedule.data !== undefined && whenEmpty(schedule.data)}
			</Text>
			<RetentionFields
				field={form.field}
				older="Older backups go"
				versions="Consecutive backups with the same text are one version"
			/>
			<div aria-live="polite">
				{found !== undefined && (
					<>
						<Text size="sm" fw={600} mb={6}>
							{takesSomething(found) ? "This would go" : "Nothing would go"}
						</Text>
						{takesSomething(found) && <WhatGoes result={found} />}
					</>
				)}
			</div>
		</FormDrawer>
	);
}

function takesSomething(found: Found | undefined): found is Found {
	return found !== undefined && (found.backups > 0 || found.snapshots > 0);
}

function given({ keep_days, keep_versions }: Limits) {
	return {
		...(keep_days !== "" && { keep_days: Number(keep_days) }),
		...(keep_versions !== "" && { keep_versions: Number(keep_versions) }),
	};
}

/** What applies where both fields are empty. */
function whenEmpty({ keep_days, keep_versions }: { keep_days: number | null; keep_versions: number | null }): string {
	const limits = [
		keep_days === null ? [] : [`${count(keep_days, "day")}`],
		keep_versions === null ? [] : [`${count(keep_versions, "version")}`],
	].flat();
	return limits.length === 0
		? "With both empty nothing goes: the schedule sets no retention."
		: `With both empty the schedule's retention applies: ${limits.join(" and ")}.`;
}
