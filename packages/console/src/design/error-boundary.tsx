/** Keeps the rest of the page working when one screen throws. */
import {Component, type ReactNode} from 'react';
import {Button} from './button.tsx';
import {EmptyState} from './states.tsx';

interface State {
  readonly error?: Error;
}

export class ErrorBoundary extends Component<{readonly children: ReactNode}, State> {
  override state: State = {};

  static getDerivedStateFromError(error: unknown): State {
    return {error: error instanceof Error ? error : new Error(String(error))};
  }

  override render(): ReactNode {
    const {error} = this.state;
    if (error === undefined) return this.props.children;
    return (
      <div role="alert">
        <EmptyState
          title="This screen failed"
          icon="alert"
          actions={<Button onPress={() => location.reload()}>Reload the page</Button>}
        >
          {/* A chunk is missing after an update of the gateway while the page was open. */}
          {/import|preload/i.test(error.message)
            ? 'The console was updated in the meantime, or the gateway is unreachable.'
            : error.message}
        </EmptyState>
      </div>
    );
  }
}
