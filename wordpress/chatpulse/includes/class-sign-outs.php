<?php
/**
 * Who is not signed in any more.
 *
 * @package Chatpulse
 */

namespace Chatpulse;

defined( 'ABSPATH' ) || exit;

/**
 * Tells the chat server when login sessions end: signing out, "log out everywhere else", a new password, a deleted user.
 *
 * WordPress keeps the sessions of a user in one user meta, under the SHA-256 of their tokens. Whatever ends one changes that.
 */
final class Sign_Outs {

	/** How many sessions are told one by one; more are told as all. */
	private const ONE_BY_ONE = 10;

	private const META = 'session_tokens';

	/** The sessions before a change, by user. @var array<int, string[]> */
	private static array $before = array();

	/** Users of whom all sessions were told in this request, by "site:user". @var array<string, true> */
	private static array $told = array();

	/** The threads of users who are being deleted, by "site:user". @var array<string, int[]> */
	private static array $threads = array();

	/**
	 * Hooks in.
	 */
	public static function register(): void {
		add_action( 'update_user_meta', array( self::class, 'remember' ), 10, 3 );
		add_action( 'delete_user_meta', array( self::class, 'remember' ), 10, 3 );
		add_action( 'updated_user_meta', array( self::class, 'compare' ), 10, 3 );
		add_action( 'deleted_user_meta', array( self::class, 'compare' ), 10, 3 );
		add_action( 'after_password_reset', static fn( \WP_User $user ) => self::all( $user->ID ) );
		add_action( 'wp_set_password', static fn( $password, $user_id ) => self::all( (int) $user_id ), 10, 2 );
		add_action( 'profile_update', array( self::class, 'profile_updated' ), 10, 2 );
		// Before and after others settle what becomes of what the user leaves.
		add_action( 'delete_user', array( self::class, 'user_leaves' ), 1 );
		add_action( 'delete_user', array( self::class, 'user_left' ), 20, 2 );
		// A network deletes an account by removing it from each of its sites, and switches to the site for that.
		add_action( 'remove_user_from_blog', array( self::class, 'user_leaves' ), 1 );
		add_action( 'remove_user_from_blog', static fn( $user_id, $site_id, $heir = 0 ) => self::user_left( $user_id, $heir ), 20, 3 );
	}

	/**
	 * Notes a user's sessions before they change.
	 *
	 * @param mixed  $meta_id The meta.
	 * @param int    $user_id The user.
	 * @param string $key     The meta's key.
	 */
	public static function remember( $meta_id, $user_id, $key ): void {
		if ( self::META === $key ) {
			self::$before[ (int) $user_id ] = self::sessions( (int) $user_id );
		}
	}

	/**
	 * Tells which of a user's sessions are gone.
	 *
	 * @param mixed  $meta_id The meta.
	 * @param int    $user_id The user.
	 * @param string $key     The meta's key.
	 */
	public static function compare( $meta_id, $user_id, $key ): void {
		$user_id = (int) $user_id;
		if ( self::META !== $key || ! isset( self::$before[ $user_id ] ) ) {
			return;
		}
		$left = self::sessions( $user_id );
		$gone = array_diff( self::$before[ $user_id ], $left );
		unset( self::$before[ $user_id ] );
		if ( count( $gone ) > self::ONE_BY_ONE || ( ! $left && count( $gone ) > 1 ) ) {
			self::all( $user_id );
			return;
		}
		foreach ( $gone as $session_id ) {
			Webhooks::signed_out( $user_id, $session_id );
		}
	}

	/**
	 * A user's sessions, by the names that their tokens carry.
	 *
	 * @param int $user_id The user.
	 * @return string[]
	 */
	private static function sessions( int $user_id ): array {
		$sessions = get_user_meta( $user_id, self::META, true );
		return is_array( $sessions ) ? array_map( static fn( $verifier ): string => substr( (string) $verifier, 0, 16 ), array_keys( $sessions ) ) : array();
	}

	/**
	 * Tells that every session of a user has ended.
	 *
	 * @param int $user_id The user.
	 */
	private static function all( int $user_id ): void {
		$key = get_current_blog_id() . ':' . $user_id;
		if ( ! isset( self::$told[ $key ] ) ) {
			self::$told[ $key ] = true;
			Webhooks::signed_out( $user_id, null );
		}
	}

	/**
	 * A user was changed; with the password all sessions end.
	 *
	 * @param int      $user_id The user.
	 * @param \WP_User $before  As they were.
	 */
	public static function profile_updated( $user_id, $before ): void {
		$user = get_userdata( (int) $user_id );
		if ( $user && $before instanceof \WP_User && $user->user_pass !== $before->user_pass ) {
			self::all( (int) $user_id );
		}
	}

	/**
	 * A user is about to be deleted: notes which threads they are in.
	 *
	 * @param int $user_id The user.
	 */
	public static function user_leaves( $user_id ): void {
		if ( Schema::is_ready() ) {
			self::$threads[ get_current_blog_id() . ':' . $user_id ] = Threads::of_user( (int) $user_id );
		}
	}

	/**
	 * A user is deleted: they leave every thread, and somebody may have taken their place there.
	 *
	 * @param int      $user_id The user.
	 * @param int|null $heir    Who gets what they wrote, if anybody.
	 */
	public static function user_left( $user_id, $heir = null ): void {
		$key = get_current_blog_id() . ':' . $user_id;
		if ( ! isset( self::$threads[ $key ] ) ) {
			return;
		}
		$threads = self::$threads[ $key ];
		unset( self::$threads[ $key ] );
		self::all( (int) $user_id );
		Threads::forget( (int) $user_id );
		foreach ( $threads as $thread_id ) {
			$added = array_values( array_intersect( array( (int) $heir ), Threads::people( $thread_id ) ) );
			Webhooks::participants_changed( $thread_id, $added, array( (int) $user_id ) );
		}
	}
}
