<?php
/**
 * What the chat server is told, and how it can tell that it is from this site.
 */

namespace Chatpulse\Tests;

require_once __DIR__ . '/ChatTestCase.php';

final class WebhooksTest extends ChatTestCase {

	private Listener $listener;

	protected function setUp(): void {
		parent::setUp();
		$this->listener = new Listener();
	}

	protected function tearDown(): void {
		$this->listener->stop();
		parent::tearDown();
	}

	public function test_every_change_is_told_signed_and_in_order(): void {
		$users   = array( $this->make_user(), $this->make_user(), $this->make_user() );
		$thread  = $this->make_thread( array( $users[0], $users[1] ) );
		$message = $this->send( $users[0], $thread, 'Grüße 😀 1 < 2' );
		$id      = $message['id'];
		$this->call( 'POST', "/threads/$thread/read", array( 'message_id' => $id ), $this->key( $users[1] ) );
		$edited  = $this->call( 'PATCH', "/messages/$id", array( 'content' => 'Edited' ), $this->key( $users[0] ) )[1]['message'];
		$reacted = $this->call( 'POST', "/messages/$id/reactions", array( 'emoji' => '👍' ), $this->key( $users[1] ) )[1]['message'];
		$deleted = $this->call( 'DELETE', "/messages/$id", null, $this->key( $users[0] ) )[1]['message'];
		$this->call( 'POST', "/threads/$thread/participants", array( 'user_ids' => array( $users[2] ) ), $this->key( $users[0] ) );
		$this->call( 'DELETE', "/threads/$thread/participants/$users[1]", null, $this->key( $users[0] ) );

		$hooks = $this->listener->wait_for( 8 );

		$wanted = array(
			array( '/webhook/thread-created', array( 'participantIds' => array( $users[0], $users[1] ), 'event' => 'thread_created' ) ),
			array( '/webhook/message', array( 'message' => $message, 'threadId' => $thread, 'senderId' => $users[0], 'event' => 'message_sent' ) ),
			array( '/webhook/read-receipt', array( 'userId' => $users[1], 'threadId' => $thread, 'messageIds' => array( $id ), 'event' => 'messages_read' ) ),
			array( '/webhook/message-updated', array( 'message' => $edited, 'threadId' => $thread, 'event' => 'message_updated' ) ),
			array( '/webhook/message-updated', array( 'message' => $reacted, 'threadId' => $thread, 'event' => 'message_updated' ) ),
			array( '/webhook/message-deleted', array( 'message' => $deleted, 'messageId' => $id, 'threadId' => $thread, 'event' => 'message_deleted' ) ),
			array( '/webhook/participants-changed', array( 'threadId' => $thread, 'added' => array( $users[2] ), 'removed' => array(), 'participantIds' => array( $users[0], $users[1], $users[2] ), 'event' => 'participants_changed' ) ),
			array( '/webhook/participants-changed', array( 'threadId' => $thread, 'added' => array(), 'removed' => array( $users[1] ), 'participantIds' => array( $users[0], $users[2] ), 'event' => 'participants_changed' ) ),
		);
		$this->assertSame( $thread, $hooks[0]['body']['thread']['id'] );
		unset( $hooks[0]['body']['thread'] );
		$told = array();
		foreach ( $hooks as $hook ) {
			$delivery = $hook['body']['deliveryId'];
			unset( $hook['body']['deliveryId'] );
			$told[ $delivery ] = array( $hook['path'], $hook['body'] );

			$timestamp = $hook['headers']['x-chatpulse-timestamp'];
			$this->assertLessThan( 300, abs( time() - (int) $timestamp ) );
			$this->assertSame( 'sha256=' . hash_hmac( 'sha256', $timestamp . '.' . $hook['text'], (string) get_option( 'chatpulse_webhook_secret' ) ), $hook['headers']['x-chatpulse-signature'] );
			$this->assertSame( 'application/json', $hook['headers']['content-type'] );
		}
		$this->assertSame( $wanted, array_values( $told ) );
		$this->assertCount( 8, $told, 'no delivery id twice' );
	}

	public function test_who_is_taken_into_a_group_on_the_site_is_told_of_the_thread(): void {
		$users  = array( $this->make_user(), $this->make_user() );
		$thread = $this->make_thread( array( $users[0] ) );
		list( $status, $answer ) = $this->call( 'POST', "/threads/$thread/participants", array( 'user_ids' => array( $users[1] ) ), $this->sign_in( $users[0] ) );
		$this->assertSame( 200, $status, (string) wp_json_encode( $answer ) );

		$told = $this->listener->wait_for( 2 )[1]['body'];

		$this->assertSame( array( $users[1] ), $told['added'] );
		$this->assertSame( array( $thread, $users ), array( $told['thread']['id'], array_column( $told['thread']['participants'], 'user_id' ) ) );
	}

	public function test_nothing_is_told_of_batches_refusals_and_repeats(): void {
		$users  = array( $this->make_user(), $this->make_user() );
		$thread = $this->make_thread( $users, 'private' );
		$this->batch( array( array( 'op' => 'send', 'user' => $users[0], 'thread_id' => $thread, 'content' => 'x', 'client_id' => 'a' ) ) );
		$this->call( 'POST', "/threads/$thread", array( 'content' => 'x', 'client_id' => 'a' ), $this->key( $users[0] ) );
		$this->call( 'POST', "/threads/$thread", array( 'content' => '' ), $this->key( $users[0] ) );
		$this->call( 'POST', "/threads/$thread/read", array( 'message_id' => 99999999 ), $this->key( $users[1] ) );
		$this->call( 'POST', '/threads', array( 'type' => 'private', 'participants' => array( $users[0] ) ), $this->key( $users[1] ) );
		$last = $this->send( $users[0], $thread )['id'];

		$hooks = $this->listener->wait_for( 2 );

		$this->assertSame( array( 'thread_created', 'message_sent' ), array_column( array_column( $hooks, 'body' ), 'event' ) );
		$this->assertSame( $last, $hooks[1]['body']['message']['id'] );
	}

	public function test_signing_out_is_told_with_the_session_of_the_token(): void {
		$user = get_userdata( $this->make_user() );
		wp_set_password( 'a password', $user->ID );
		$signed_in = wp_remote_post( wp_login_url(), array( 'timeout' => 60, 'redirection' => 0, 'body' => array( 'log' => $user->user_login, 'pwd' => 'a password' ) ) );
		$cookies   = wp_remote_retrieve_cookies( $signed_in );
		$nonce     = wp_remote_retrieve_body( wp_remote_get( admin_url( 'admin-ajax.php?action=rest-nonce' ), array( 'timeout' => 60, 'cookies' => $cookies ) ) );
		$page      = wp_remote_get( admin_url( 'profile.php' ), array( 'timeout' => 60, 'cookies' => $cookies ) );
		$token = wp_remote_post( rest_url( 'chatpulse-chat/v1/socket-token' ), array( 'timeout' => 60, 'cookies' => $cookies, 'headers' => array( 'X-WP-Nonce' => $nonce ) ) );
		$token = json_decode( wp_remote_retrieve_body( $token ), true )['token'];
		$sid   = json_decode( base64_decode( strtr( explode( '.', $token )[1], '-_', '+/' ) ), true )['sid'];
		preg_match( '/action=logout[^"\']*_wpnonce=([0-9a-f]+)/', wp_remote_retrieve_body( $page ), $logout );

		wp_remote_get( wp_login_url() . '?action=logout&_wpnonce=' . $logout[1], array( 'timeout' => 60, 'redirection' => 0, 'cookies' => $cookies ) );

		$hook = $this->listener->wait_for( 1, 'user_signed_out' )[0];
		$this->assertSame( '/webhook/user-signed-out', $hook['path'] );
		$this->assertSame( array( 'userId' => $user->ID, 'sessionId' => $sid, 'event' => 'user_signed_out' ), array_diff_key( $hook['body'], array( 'deliveryId' => 1 ) ) );
	}

	/** Runs something and sends what it caused to be told, as the end of a request does. */
	private function told_by( callable $work ): array {
		$work();
		\Chatpulse\Webhooks::send_all();
		return array_map( static fn( array $hook ): array => array_diff_key( $hook['body'], array( 'deliveryId' => 1 ) ), $this->listener->wait_for( 1 ) );
	}

	public function test_a_new_password_ends_every_session(): void {
		$user = $this->make_user();

		$told = $this->told_by( static fn() => wp_update_user( array( 'ID' => $user, 'user_pass' => 'another one' ) ) );

		$this->assertContains( array( 'userId' => $user, 'sessionId' => null, 'event' => 'user_signed_out' ), $told );
	}

	public function test_signing_out_everywhere_else_names_the_others(): void {
		$user     = $this->make_user();
		$sessions = \WP_Session_Tokens::get_instance( $user );
		$kept     = $sessions->create( time() + 3600 );
		$gone     = $sessions->create( time() + 3600 );

		$told = $this->told_by( static fn() => $sessions->destroy_others( $kept ) );

		$this->assertSame( array( array( 'userId' => $user, 'sessionId' => substr( hash( 'sha256', $gone ), 0, 16 ), 'event' => 'user_signed_out' ) ), $told );
	}

	public function test_signing_out_everywhere_is_told_once(): void {
		$user     = $this->make_user();
		$sessions = \WP_Session_Tokens::get_instance( $user );
		$sessions->create( time() + 3600 );
		$sessions->create( time() + 3600 );

		$told = $this->told_by( static fn() => $sessions->destroy_all() );

		$this->assertSame( array( array( 'userId' => $user, 'sessionId' => null, 'event' => 'user_signed_out' ) ), $told );
	}

	public function test_a_deleted_user_leaves_their_threads(): void {
		require_once ABSPATH . 'wp-admin/includes/user.php';
		$users  = array( $this->make_user(), $this->make_user(), $this->make_user() );
		$thread = $this->make_thread( array( $users[0], $users[1] ) );
		$this->listener->wait_for( 1 );
		$this->listener->forget();

		$told = $this->told_by( static fn() => wp_delete_user( $users[1] ) );

		$this->assertContains( array( 'userId' => $users[1], 'sessionId' => null, 'event' => 'user_signed_out' ), $told );
		$this->assertContains( array( 'threadId' => $thread, 'added' => array(), 'removed' => array( $users[1] ), 'participantIds' => array( $users[0] ), 'event' => 'participants_changed' ), $told );

		$this->listener->forget();
		$hand_over = static function ( int $user, ?int $heir ): void {
			global $wpdb;
			$wpdb->update( \Chatpulse\Schema::table( 'participants' ), array( 'user_id' => $heir ), array( 'user_id' => $user ) );
		};
		add_action( 'delete_user', $hand_over, 6, 2 );
		$told = $this->told_by( static fn() => wp_delete_user( $users[0], $users[2] ) );
		remove_action( 'delete_user', $hand_over, 6 );

		$this->assertSame( array( $thread ), array_values( array_unique( array_column( array_column( $told, 'thread' ), 'id' ) ) ) );
		$told = array_map( static fn( array $body ): array => array_diff_key( $body, array( 'thread' => 1 ) ), $told );
		$this->assertContains( array( 'threadId' => $thread, 'added' => array( $users[2] ), 'removed' => array( $users[0] ), 'participantIds' => array( $users[2] ), 'event' => 'participants_changed' ), $told );
	}

	public function test_a_chat_server_that_is_away_does_not_keep_anybody_and_is_written_down(): void {
		$users  = array( $this->make_user(), $this->make_user() );
		$thread = $this->make_thread( $users );
		$this->listener->wait_for( 1 );
		// Takes connections and never answers.
		$silent = stream_socket_server( 'tcp://127.0.0.1:0' );
		update_option( 'chatpulse_server_url', 'http://' . stream_socket_get_name( $silent, false ) );

		$this->send( $users[0], $thread );
		$this->assertFalse( get_option( \Chatpulse\Webhooks::FAILURE_OPTION ), 'the sender has not waited for the webhook, which takes its 5 seconds' );

		$deadline = microtime( true ) + 60;
		do {
			usleep( 100000 );
			wp_cache_flush();
			$failure = get_option( \Chatpulse\Webhooks::FAILURE_OPTION );
		} while ( ! $failure && microtime( true ) < $deadline );
		$this->assertSame( 'message', $failure['path'] );
		$this->assertNotSame( '', $failure['why'] );

		update_option( 'chatpulse_server_url', $this->listener->url );
		$this->assertNull( \Chatpulse\Webhooks::send( 'ping', array( 'event' => 'ping' ) ) );
		$this->assertFalse( get_option( \Chatpulse\Webhooks::FAILURE_OPTION ), 'it is there again' );
	}
}
