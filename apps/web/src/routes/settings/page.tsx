import { useQuery } from "@tanstack/react-query";
import { createLazyRoute } from "@tanstack/react-router";
import { useApi } from "../../api/context.tsx";
import { Page } from "../../ui/page.tsx";
import { ProblemAlert } from "../../ui/problem.tsx";
import { RowsLoading } from "../../ui/rows-loading.tsx";
import { Keys } from "./keys.tsx";
import styles from "./settings.module.css";
import { SettingsForm } from "./settings-form.tsx";

export const route = createLazyRoute("/signed-in/framed/settings")({ component: SettingsPage });

function SettingsPage() {
	const api = useApi();
	const { data, error, refetch } = useQuery({
		queryKey: ["settings"],
		queryFn: ({ signal }) => api.auth.getSettings({}, { signal }),
	});
	return (
		<Page title="Settings">
			<div className={styles.page}>
				{error !== null && <ProblemAlert error={error} onRetry={() => void refetch()} />}
				{data === undefined ? error === null && <RowsLoading /> : <SettingsForm settings={data} />}
				<Keys />
			</div>
		</Page>
	);
}
