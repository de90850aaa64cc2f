<?php
/**
 * What the chat server is told.
 *
 * @package Chatpulse
 */

namespace Chatpulse;

defined( 'ABSPATH' ) || exit;

/**
 * Collects webhooks during a request and sends them when it has been answered, in their order, so that nobody waits for the chat server.
 */
final class Webhooks {

	/** What was sent last and failed, for Site Health; not there when the last one arrived. */
	public const FAILURE_OPTION = 'chatpulse_webhook_failure';

	/** How many webhooks one request may cause. */
	private const MOST = 1000;

	/** How many seconds one may take, and all of a request together. */
	private const TIME_OUT = 5;
	private const TOGETHER = 20;

	/** Path and body of each, and the site of the network that tells it. @var array<array{0: string, 1: array<string, mixed>, 2: int}> */
	private static array $queue = array();

	/**
	 * Hooks in. After everything else, because the visitor's connection is closed first.
	 */
	public static function register(): void {
		add_action( 'shutdown', array( self::class, 'send_all' ), PHP_INT_MAX );
	}

	/**
	 * Sends a webhook once this request is answered.
	 *
	 * @param string               $path Below `/webhook/`.
	 * @param array<string, mixed> $body What to tell.
	 */
	public static function queue( string $path, array $body ): void {
		if ( '' === Options::server_url() ) {
			return;
		}
		if ( count( self::$queue ) >= self::MOST ) {
			self::failed( $path, __( 'There were too many webhooks in one request.', 'chatpulse' ) );
			return;
		}
		self::$queue[] = array( $path, $body, get_current_blog_id() );
	}

	/**
	 * Tells who came into a thread and who left it.
	 *
	 * @param int   $thread_id The thread.
	 * @param int[] $added     Who came.
	 * @param int[] $removed   Who left.
	 * @param bool  $by_server Whether the chat server did it, which then tells those who came itself.
	 */
	public static function participants_changed( int $thread_id, array $added, array $removed, bool $by_server = false ): void {
		$body = array(
			'threadId'       => $thread_id,
			'added'          => $added,
			'removed'        => $removed,
			'participantIds' => Threads::people( $thread_id ),
			'event'          => 'participants_changed',
		);
		if ( $added && ! $by_server ) {
			$body['thread'] = Threads::shape( array( $thread_id ), null )[0];
		}
		self::queue( 'participants-changed', $body );
	}

	/**
	 * Tells that a login session has ended.
	 *
	 * @param int         $user_id    Whose.
	 * @param string|null $session_id Which; null: every one.
	 */
	public static function signed_out( int $user_id, ?string $session_id ): void {
		self::queue(
			'user-signed-out',
			array(
				'userId'    => $user_id,
				'sessionId' => $session_id,
				'event'     => 'user_signed_out',
			)
		);
	}

	/**
	 * Sends what was collected.
	 */
	public static function send_all(): void {
		if ( ! self::$queue ) {
			return;
		}
		$answered = false;
		foreach ( array( 'fastcgi_finish_request', 'litespeed_finish_request' ) as $finish ) {
			if ( function_exists( $finish ) ) {
				$answered = $finish();
				break;
			}
		}
		$until = microtime( true ) + self::TOGETHER;
		while ( self::$queue ) {
			list( $path, $body, $site_id ) = array_shift( self::$queue );
			$elsewhere                     = get_current_blog_id() !== $site_id;
			if ( $elsewhere ) {
				switch_to_blog( $site_id );
			}
			if ( microtime( true ) < $until ) {
				self::send( $path, $body, $answered || 'cli' === PHP_SAPI );
			} else {
				self::failed( $path, __( 'The chat server took too long for the webhooks before it.', 'chatpulse' ) );
			}
			if ( $elsewhere ) {
				restore_current_blog();
			}
		}
	}

	/**
	 * Sends one webhook.
	 *
	 * @param string               $path Below `/webhook/`.
	 * @param array<string, mixed> $body What to tell.
	 * @param bool                 $wait Whether to wait for the answer: not while a visitor waits.
	 * @return string|null Why it failed; null where it arrived, or nobody waited for it.
	 */
	public static function send( string $path, array $body, bool $wait = true ): ?string {
		$answer = self::post( $path, $body, $wait );
		if ( ! $wait ) {
			return null;
		}
		$status = (int) wp_remote_retrieve_response_code( $answer );
		if ( ! is_wp_error( $answer ) && $status >= 200 && $status < 300 ) {
			if ( get_option( self::FAILURE_OPTION ) ) {
				delete_option( self::FAILURE_OPTION );
			}
			return null;
		}
		/* translators: %d: an HTTP status. */
		$why = is_wp_error( $answer ) ? $answer->get_error_message() : sprintf( __( 'The chat server answered with status %d.', 'chatpulse' ), $status );
		self::failed( $path, $why );
		return $why;
	}

	/**
	 * Signs a webhook and posts it.
	 *
	 * @param string               $path Below `/webhook/`.
	 * @param array<string, mixed> $body What to tell.
	 * @param bool                 $wait Whether to wait for the answer.
	 * @return array<string, mixed>|\WP_Error What wp_remote_post() answers.
	 */
	public static function post( string $path, array $body, bool $wait = true ): array|\WP_Error {
		$text      = (string) wp_json_encode( $body + array( 'deliveryId' => wp_generate_uuid4() ) );
		$timestamp = (string) time();
		$headers   = array(
			'Content-Type'          => 'application/json',
			'X-Chatpulse-Timestamp' => $timestamp,
		);
		$secret    = Options::webhook_secret();
		if ( '' !== $secret ) {
			$headers['X-Chatpulse-Signature'] = 'sha256=' . hash_hmac( 'sha256', "$timestamp.$text", $secret );
		}
		// Not wp_safe_remote_post(): the chat server is often on the same machine.
		return wp_remote_post(
			Options::server_url() . "/webhook/$path",
			array(
				'headers'     => $headers,
				'body'        => $text,
				'blocking'    => $wait,
				'timeout'     => $wait ? self::TIME_OUT : 0.5,
				'redirection' => 0,
			)
		);
	}

	/**
	 * Writes down that a webhook did not arrive.
	 *
	 * @param string $path Which.
	 * @param string $why  What happened.
	 */
	private static function failed( string $path, string $why ): void {
		update_option(
			self::FAILURE_OPTION,
			array(
				'time' => time(),
				'path' => $path,
				'why'  => $why,
			),
			false
		);
		/**
		 * A webhook did not reach the chat server.
		 *
		 * @param string $path Which, below `/webhook/`.
		 * @param string $why  What happened.
		 */
		do_action( 'chatpulse_webhook_failed', $path, $why );
	}
}
