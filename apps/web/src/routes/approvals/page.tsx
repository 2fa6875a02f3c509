import { ApprovalStatus, RiskLevel } from "@netconductor/contracts/alerts/approvals";
import { useQuery } from "@tanstack/react-query";
import { createLazyRoute, getRouteApi } from "@tanstack/react-router";
import type { z } from "zod";
import { useApi, useCoversAll, usePermitted } from "../../api/context.tsx";
import { Empty, NothingMatches } from "../../ui/empty.tsx";
import { ButtonLink } from "../../ui/link.tsx";
import { Page } from "../../ui/page.tsx";
import { PageTabs } from "../../ui/page-tabs.tsx";
import { Choices } from "../../ui/table/choice.tsx";
import { DataTable } from "../../ui/table/data-table.tsx";
import { Filters } from "../../ui/table/filters.tsx";
import { valuesOf } from "../../ui/table/list-search.ts";
import { usePagedList } from "../../ui/table/list-source.ts";
import { SearchField } from "../../ui/table/search-field.tsx";
import { columns } from "./columns.tsx";
import { approvalLooks, riskLooks } from "./looks.tsx";
import type { ApprovalsSearch, approvalTabs } from "./search.ts";

export const route = createLazyRoute("/signed-in/framed/approvals")({ component: ApprovalsPage });
const { useSearch, useNavigate } = getRouteApi("/signed-in/framed/approvals");

type Search = z.output<typeof ApprovalsSearch>;
type Tab = (typeof approvalTabs)[number];

const titles: Record<Tab, string> = {
	mine: "Waiting for you",
	waiting: "Waiting",
	asked: "Asked by you",
	all: "All",
};

function ApprovalsPage() {
	const api = useApi();
	const navigate = useNavigate();
	const search = useSearch();
	const coversAll = useCoversAll();
	const mayDecide = usePermitted()("approvals:decide");
	const { data: stats } = useQuery({
		queryKey: ["approvals", "stats"],
		queryFn: ({ signal }) => api.alerts.getApprovalStats({}, { signal }),
	});
	const counts: Partial<Record<Tab, number | undefined>> = {
		mine: stats?.waiting_for_me,
		waiting: stats?.waiting,
		asked: stats?.requested_by_me,
	};
	const show = (change: Partial<Search>) =>
		void navigate({ search: (before) => ({ ...before, page: undefined, ...change }), replace: true });
	const shown: Tab[] = mayDecide ? ["mine", "waiting", "asked", "all"] : ["waiting", "asked", "all"];
	return (
		<Page
			title="Approvals"
			actions={
				coversAll && (
					<ButtonLink to="/approvals/policies" variant="default">
						Policies
					</ButtonLink>
				)
			}
		>
			<PageTabs
				label="Approvals"
				tab={search.tab}
				onTab={(tab) => void navigate({ search: { tab: tab === shown[0] ? undefined : tab } })}
				tabs={shown.map((value) => ({
					value,
					label: counts[value] ? `${titles[value]} (${counts[value]})` : titles[value],
					content: () => <Inbox key={value} tab={value} search={search} onShow={show} />,
				}))}
			/>
		</Page>
	);
}

function filtersOf(tab: Tab): { mine?: "to_decide" | "requested"; status?: string } {
	switch (tab) {
		case "mine":
			return { mine: "to_decide" };
		case "waiting":
			return { status: "waiting" };
		case "asked":
			return { mine: "requested" };
		case "all":
			return {};
	}
}

function Inbox({ tab, search, onShow }: { tab: Tab; search: Search; onShow: (change: Partial<Search>) => void }) {
	const api = useApi();
	const { q, risk, page, page_size } = search;
	const choosesStatus = tab === "asked" || tab === "all";
	const status = choosesStatus ? search.status : undefined;
	// What has to be decided first stands first.
	const sort = search.sort ?? (choosesStatus ? "-created_at" : "expires_at");
	const list = usePagedList(
		"approvals",
		{ q, risk, sort, page, page_size, ...filtersOf(tab), ...(status !== undefined && { status }) },
		(query, signal) => api.alerts.listApprovals({ query }, { signal }),
	);
	const filtered = q !== undefined || risk !== undefined || status !== undefined;
	return (
		<DataTable
			name="approvals"
			noun="approval"
			columns={columns}
			rowId={({ id }) => id}
			rowName={({ title }) => title}
			source={list}
			sort={sort}
			onSort={(wanted) => onShow({ sort: wanted as Search["sort"] })}
			onPage={onShow}
			tone={({ status: is }) => (is === "bypassed" ? "bad" : undefined)}
			filters={
				<Filters
					set={Number(risk !== undefined) + Number(status !== undefined)}
					search={
						<SearchField
							label="Search approvals"
							placeholder="Change or who asked"
							q={q}
							onSearch={(text) => onShow({ q: text })}
						/>
					}
				>
					{choosesStatus && (
						<Choices
							label="Status"
							any="Any status"
							options={ApprovalStatus.options.map((value) => ({ value, label: approvalLooks[value].word }))}
							value={valuesOf<ApprovalStatus>(status)}
							onChange={(chosen) => onShow({ status: chosen?.join(",") })}
						/>
					)}
					<Choices
						label="Risk"
						any="Any risk"
						options={RiskLevel.options.map((value) => ({ value, label: riskLooks[value].word }))}
						value={valuesOf<RiskLevel>(risk)}
						onChange={(chosen) => onShow({ risk: chosen?.join(",") })}
					/>
				</Filters>
			}
			empty={
				filtered ? (
					<NothingMatches
						title="No approval matches"
						onShowAll={() => onShow({ q: undefined, risk: undefined, status: undefined })}
					/>
				) : (
					<Nothing tab={tab} />
				)
			}
		/>
	);
}

function Nothing({ tab }: { tab: Tab }) {
	if (tab === "mine") {
		return (
			<Empty title="Nothing waits for you">
				A change that somebody else wants to make, and that your word is asked for, stands here until it is decided.
			</Empty>
		);
	}
	if (tab === "waiting") return <Empty title="Nothing waits">Every change that needed an approval is decided.</Empty>;
	if (tab === "asked") {
		return (
			<Empty title="You have asked for nothing">
				When you start a change that a policy wants approved, it waits here for somebody else.
			</Empty>
		);
	}
	return (
		<Empty title="No approvals yet">
			A change to devices waits for somebody other than who started it. Policies say which, and for whom.
		</Empty>
	);
}
