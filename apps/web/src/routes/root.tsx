import type { QueryClient } from "@tanstack/react-query";
import { createRootRouteWithContext, createRoute, lazyRouteComponent, Outlet, redirect } from "@tanstack/react-router";
import { lazy, Suspense } from "react";
import type { Api } from "../api/api.ts";
import { meQuery } from "../api/context.tsx";
import { untilLoaded } from "../api/load-code.ts";
import type { Session } from "../api/session.ts";
import type { SingleSignOn } from "../api/single-sign-on.ts";
import { useAfterFirstPage } from "../shell/after-first-page.ts";
import { FailedStart } from "../shell/failed-page.tsx";
import { SignInAgain } from "../shell/sign-in-again.tsx";

const Toasts = lazy(
	untilLoaded(() => import("../shell/toasts.tsx").then(({ Toasts: component }) => ({ default: component }))),
);

interface RouterContext {
	api: Api;
	session: Session;
	signOn: SingleSignOn;
	queries: QueryClient;
}

export const root = createRootRouteWithContext<RouterContext>()({
	component: Root,
});

function Root() {
	const after = useAfterFirstPage();
	return (
		<>
			<Outlet />
			<Suspense>{after && <Toasts />}</Suspense>
		</>
	);
}

/** Everything below is for somebody signed in; who they are is known before a page shows. */
export const signedIn = createRoute({
	getParentRoute: () => root,
	id: "signed-in",
	beforeLoad: async ({ context: { api, session, queries }, location }) => {
		const toSignIn = () => redirect({ href: `/login?${new URLSearchParams({ next: location.href })}` });
		if (!(await session.isSignedIn())) throw toSignIn();
		const me = await queries.ensureQueryData(meQuery(api)).catch(async (error: unknown) => {
			if (!(await session.isSignedIn())) throw toSignIn();
			throw error;
		});
		if (me.user.must_change_password && location.pathname !== "/change-password") {
			throw redirect({ href: `/change-password?${new URLSearchParams({ next: location.href })}` });
		}
		if (me.must_add_second_factor && !me.user.must_change_password && location.pathname !== "/add-second-factor") {
			throw redirect({ href: `/add-second-factor?${new URLSearchParams({ next: location.href })}` });
		}
	},
	component: () => (
		<>
			<Outlet />
			<SignInAgain />
		</>
	),
	errorComponent: FailedStart,
});

/** Parent of all pages within the frame: menu, search, who is signed in. */
export const framed = createRoute({
	getParentRoute: () => signedIn,
	id: "framed",
	// Whoever signs in does not wait for it.
	component: lazyRouteComponent(() => import("../shell/layout.tsx"), "Layout"),
});
