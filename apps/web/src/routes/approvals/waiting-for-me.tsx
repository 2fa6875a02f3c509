import { useQuery } from "@tanstack/react-query";
import { useApi } from "../../api/context.tsx";
import { count } from "../../ui/words.ts";

/** How many approvals wait for who is signed in, beside the menu's entry; nothing where none does. */
export function WaitingForMe() {
	const api = useApi();
	const { data } = useQuery({
		queryKey: ["approvals", "stats"],
		queryFn: ({ signal }) => api.alerts.getApprovalStats({}, { signal }),
	});
	const waiting = data?.waiting_for_me ?? 0;
	if (waiting === 0) return null;
	return (
		<span className="nc-menu-count">
			<span aria-hidden="true">{waiting > 99 ? "99+" : waiting}</span>
			<span className="nc-visually-hidden">{count(waiting, "waits", "wait")} for you</span>
		</span>
	);
}
