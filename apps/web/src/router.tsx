import { Center, Loader } from "@mantine/core";
import { Notifications } from "@mantine/notifications";
import type { QueryClient } from "@tanstack/react-query";
import {
	createRootRouteWithContext,
	createRoute,
	createRouter,
	type ErrorComponentProps,
	Outlet,
	redirect,
	useRouter,
} from "@tanstack/react-router";
import type { Api } from "./api/api.ts";
import { meQuery } from "./api/context.tsx";
import type { Session } from "./api/session.ts";
import { CompareSearch } from "./routes/compare/search.ts";
import { DeviceSearch } from "./routes/device/search.ts";
import { DevicesSearch } from "./routes/devices/search.ts";
import { RunSearch } from "./routes/run/search.ts";
import { RunsSearch } from "./routes/runs/search.ts";
import { ConfigSearchParams } from "./routes/search/search.ts";
import { SignInSearch } from "./routes/sign-in-search.ts";
import { Layout } from "./shell/layout.tsx";
import { SmallPage } from "./shell/small-page.tsx";
import { ButtonLink } from "./ui/link.tsx";
import { Page } from "./ui/page.tsx";
import { ProblemAlert } from "./ui/problem.tsx";

interface RouterContext {
	api: Api;
	session: Session;
	queries: QueryClient;
}

const root = createRootRouteWithContext<RouterContext>()({
	component: () => (
		<>
			<Outlet />
			<Notifications position="bottom-right" />
		</>
	),
});

const login = createRoute({ getParentRoute: () => root, path: "/login", validateSearch: SignInSearch }).lazy(() =>
	import("./routes/login/page.tsx").then(({ route }) => route),
);

/** Everything below is for somebody signed in; who they are is known before a page shows. */
const signedIn = createRoute({
	getParentRoute: () => root,
	id: "signed-in",
	beforeLoad: async ({ context: { api, session, queries }, location }) => {
		const toSignIn = () => redirect({ to: "/login", search: { next: location.href } });
		if (!(await session.isSignedIn())) throw toSignIn();
		const me = await queries.ensureQueryData(meQuery(api)).catch(async (error: unknown) => {
			if (!(await session.isSignedIn())) throw toSignIn();
			throw error;
		});
		if (me.user.must_change_password && location.pathname !== "/change-password") {
			throw redirect({ to: "/change-password", search: { next: location.href } });
		}
	},
	component: Outlet,
	errorComponent: FailedStart,
});

const changePassword = createRoute({
	getParentRoute: () => signedIn,
	path: "/change-password",
	validateSearch: SignInSearch,
}).lazy(() => import("./routes/change-password/page.tsx").then(({ route }) => route));

const framed = createRoute({ getParentRoute: () => signedIn, id: "framed", component: Layout });

const start = createRoute({
	getParentRoute: () => framed,
	path: "/",
	beforeLoad: () => {
		throw redirect({ to: "/devices" });
	},
});

const devices = createRoute({ getParentRoute: () => framed, path: "/devices", validateSearch: DevicesSearch }).lazy(
	() => import("./routes/devices/page.tsx").then(({ route }) => route),
);
const device = createRoute({ getParentRoute: () => framed, path: "/devices/$id", validateSearch: DeviceSearch }).lazy(
	() => import("./routes/device/page.tsx").then(({ route }) => route),
);
const runs = createRoute({ getParentRoute: () => framed, path: "/runs", validateSearch: RunsSearch }).lazy(() =>
	import("./routes/runs/page.tsx").then(({ route }) => route),
);
const run = createRoute({ getParentRoute: () => framed, path: "/runs/$id", validateSearch: RunSearch }).lazy(() =>
	import("./routes/run/page.tsx").then(({ route }) => route),
);
const compare = createRoute({
	getParentRoute: () => framed,
	path: "/backups/compare",
	validateSearch: CompareSearch,
}).lazy(() => import("./routes/compare/page.tsx").then(({ route }) => route));
const search = createRoute({ getParentRoute: () => framed, path: "/search", validateSearch: ConfigSearchParams }).lazy(
	() => import("./routes/search/page.tsx").then(({ route }) => route),
);

function FailedPage({ error, reset }: ErrorComponentProps) {
	return <ProblemAlert error={error} onRetry={reset} />;
}

/** Before the frame is there: the server could not say who is signed in. */
function FailedStart({ error }: ErrorComponentProps) {
	const router = useRouter();
	return (
		<SmallPage>
			<ProblemAlert error={error} onRetry={() => void router.invalidate()} />
		</SmallPage>
	);
}

function MissingPage() {
	return (
		<SmallPage>
			<Page title="There is no such page">
				<div>
					<ButtonLink to="/devices">To the devices</ButtonLink>
				</div>
			</Page>
		</SmallPage>
	);
}

/** All pages and what each needs to show; a page's code is loaded when it is first opened. */
export function createAppRouter(context: RouterContext) {
	return createRouter({
		routeTree: root.addChildren([
			login,
			signedIn.addChildren([changePassword, framed.addChildren([start, devices, device, runs, run, compare, search])]),
		]),
		context,
		defaultPreload: "intent",
		scrollRestoration: true,
		defaultErrorComponent: FailedPage,
		defaultNotFoundComponent: MissingPage,
		defaultPendingComponent: () => (
			<Center p="xl">
				<Loader aria-label="Loading" />
			</Center>
		),
	});
}

declare module "@tanstack/react-router" {
	interface Register {
		router: ReturnType<typeof createAppRouter>;
	}
}
